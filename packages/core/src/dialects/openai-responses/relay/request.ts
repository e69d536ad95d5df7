import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { ChatRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asList, asText } from '../../wire/json.ts'
import { spliceModel } from '../../wire/splice-model.ts'
import { wireCallId } from '../to-provider/call-id.ts'
import { isOwnId, isOwnProof, ownProofIn } from '../to-client/own-items.ts'
import { notStored } from '../from-client/stored-state.ts'

const PATH = '/responses'

/**
 * The client's request for a provider that speaks the same dialect: its own bytes with the physical
 * model in place of the name the client used. Only what the provider would refuse is changed, and
 * reported: fields it does not take, and what we wrote into the history when another provider
 * answered. Throws `invalid_request` for what points at such an answer as if it were stored.
 */
export function relayRequest(request: ChatRequest, call: CallContext): BuiltRequest {
  const { body, bytes } = request
  if (isOwnId(body.previous_response_id))
    throw notStored('previous_response_id', 'the answer it names')
  const dropped: string[] = []
  const input = Array.isArray(body.input)
    ? withoutOwnTraces(body.input, call.issuer, dropped)
    : undefined
  const refused = (call.quirks.dropFields ?? []).filter((field) => body[field] !== undefined)
  if (input === undefined && refused.length === 0 && bytes !== undefined) {
    const spliced = spliceModel(bytes, { from: request.model, to: call.model })
    if (spliced !== undefined) return { path: PATH, body: spliced, dropped }
  }
  const relayed: JsonObject = {
    ...body,
    model: call.model,
    ...(input === undefined ? {} : { input }),
  }
  for (const field of refused) delete relayed[field]
  return { path: PATH, body: relayed, dropped: [...dropped, ...refused] }
}

/** The items without what only we understand; `undefined` when there is nothing of it. */
function withoutOwnTraces(
  input: readonly unknown[],
  issuer: string | undefined,
  dropped: string[],
): unknown[] | undefined {
  let isChanged = false
  const cleaned = input.flatMap((item, at) => {
    if (!isObject(item)) return [item]
    const kept = restoredItem(item, issuer) ?? cleanItem(item, `input[${at}]`, { issuer, dropped })
    if (kept !== item) isChanged = true
    return kept === undefined ? [] : [kept]
  })
  return isChanged ? cleaned : undefined
}

interface Cleaning {
  /** Of the provider's proofs, where another one speaks the dialect as well. */
  readonly issuer: string | undefined
  readonly dropped: string[]
}

/** Reasoning of this very provider, with its proof as it wrote it. */
function restoredItem(item: JsonObject, issuer: string | undefined): JsonObject | undefined {
  const proof =
    issuer === undefined || item.type !== 'reasoning'
      ? undefined
      : ownProofIn(item.encrypted_content, issuer)
  return proof === undefined
    ? undefined
    : {
        ...item,
        ...(proof.id !== '' && { id: proof.id }),
        encrypted_content: proof.encryptedContent,
      }
}

function cleanItem(
  item: JsonObject,
  path: string,
  { issuer, dropped }: Cleaning,
): JsonObject | undefined {
  const isOwn = isOwnId(item.id)
  if (isOwn && isReference(item)) throw notStored(path, 'the item it points at')
  if (
    item.type === 'reasoning' &&
    (isOwn ||
      isOwnProof(item.encrypted_content) ||
      (issuer !== undefined && asText(item.encrypted_content) !== undefined) ||
      isOnlySummary(item))
  ) {
    dropped.push(`${path} (reasoning of another provider)`)
    return undefined
  }
  const changes: JsonObject = isOwn ? { id: undefined } : {}
  const callId = asText(item.call_id) ?? ''
  if (wireCallId(callId) !== callId) {
    changes.call_id = wireCallId(callId)
    dropped.push(`${path}.call_id (too long, sent as its digest)`)
  }
  // A key that is `undefined` is not written.
  return Object.keys(changes).length === 0 ? item : { ...item, ...changes }
}

/** References may leave their type out. */
function isReference({ type, role }: JsonObject): boolean {
  return type === 'item_reference' || (asText(type) === undefined && role === undefined)
}

/**
 * A summary with neither an id nor the thoughts: some clients leave the ids out, and no provider
 * can go on from it.
 */
function isOnlySummary({ id, encrypted_content: encrypted, content }: JsonObject): boolean {
  return asText(id) === undefined && asText(encrypted) === undefined && asList(content).length === 0
}
