import { isClaude } from '../../claude/model-rules.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { ChatRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asList, asObject, asObjects } from '../../wire/json.ts'
import { spliceModel } from '../../wire/splice-model.ts'
import { isCarried, ownProof } from '../carried-signature.ts'
import { DEFAULT_VERSION } from '../names.ts'
import { MessagesRequest } from '../from-client/request.ts'

/**
 * The client's request for a provider that speaks the same dialect: its own bytes with the physical
 * model in place of the name the client used, and its version and beta headers. Only what the
 * provider would refuse is changed, and reported.
 *
 * @param path below the provider's base URL: counting tokens takes the same body
 */
export function relayRequest(
  request: ChatRequest,
  call: CallContext,
  path = '/v1/messages',
): BuiltRequest {
  const { changed, dropped } = changesFor(request.body, call)
  const address = {
    path: request instanceof MessagesRequest ? path + request.search : path,
    headers: { 'anthropic-version': DEFAULT_VERSION, ...request.headers },
    dropped,
  }
  const bytes =
    changed === undefined && request.bytes !== undefined
      ? spliceModel(request.bytes, { from: request.model, to: call.model })
      : undefined
  return { ...address, body: bytes ?? { ...(changed ?? request.body), model: call.model } }
}

interface Changes {
  /** The whole body; `undefined` when it can stay as it is. */
  readonly changed: JsonObject | undefined
  readonly dropped: readonly string[]
}

function changesFor(body: JsonObject, call: CallContext): Changes {
  const dropped = new Set<string>()
  const remove = (call.quirks.dropFields ?? []).filter((field) => body[field] !== undefined)
  for (const field of remove) dropped.add(field)
  const mustBeSigned = isClaude(call.model)
  const messages = withoutForeignProofs(asList(body.messages), {
    mustBeSigned,
    issuer: call.issuer?.split('#')[0] || undefined,
    dropped,
  })
  if (
    mustBeSigned &&
    asObject(body.thinking)?.type === 'enabled' &&
    isUnsignedToolLoop(messages ?? asList(body.messages))
  ) {
    remove.push('thinking')
    dropped.add('thinking (the tool calls before were made without signed thinking)')
  }
  if (remove.length === 0 && messages === undefined) return { changed: undefined, dropped: [] }
  const changed: JsonObject = { ...body, ...(messages === undefined ? {} : { messages }) }
  for (const field of remove) delete changed[field]
  return { changed, dropped: [...dropped] }
}

interface Cleaning {
  /** The model's provider checks the signature of every thinking block. */
  readonly mustBeSigned: boolean
  /** Of the provider's proofs, where another one speaks the dialect as well. */
  readonly issuer: string | undefined
  readonly dropped: Set<string>
}

/**
 * A history that other providers have written carries their proofs, which this one refuses.
 * `undefined` where there are none.
 */
function withoutForeignProofs(
  messages: readonly unknown[],
  cleaning: Cleaning,
): unknown[] | undefined {
  let isChanged = false
  const cleaned = messages.flatMap((item) => {
    const message = asObject(item)
    if (message === undefined || message.role !== 'assistant' || !Array.isArray(message.content))
      return [item]
    const content = cleanContent(message.content, cleaning)
    if (content === undefined) return [item]
    isChanged = true
    // A turn of nothing but thinking is none without it.
    return content.length === 0 ? [] : [{ ...message, content }]
  })
  return isChanged ? cleaned : undefined
}

function cleanContent(content: readonly unknown[], cleaning: Cleaning): unknown[] | undefined {
  let isChanged = false
  const cleaned = content.flatMap((item) => {
    const block = asObject(item)
    if (block === undefined) return [item]
    if (isForeignThinking(block, cleaning)) {
      isChanged = true
      return []
    }
    const unmarked = cleaning.issuer === undefined ? block : withoutMark(block, cleaning.issuer)
    if (unmarked !== block) {
      isChanged = true
      return [unmarked]
    }
    if (!asObjects(block.citations).some(isUnproven)) return [item]
    isChanged = true
    return [
      {
        ...block,
        citations: asObjects(block.citations).filter((citation) => !isUnproven(citation)),
      },
    ]
  })
  return isChanged ? cleaned : undefined
}

/** Thinking with its proof as the provider wrote it. */
function withoutMark(block: JsonObject, issuer: string): JsonObject {
  const field =
    block.type === 'thinking'
      ? 'signature'
      : block.type === 'redacted_thinking'
        ? 'data'
        : undefined
  const value = field === undefined ? undefined : ownProof(block[field], issuer)
  return field === undefined || value === undefined ? block : { ...block, [field]: value }
}

function isForeignThinking(
  block: JsonObject,
  { mustBeSigned, issuer, dropped }: Cleaning,
): boolean {
  if (block.type !== 'thinking' && block.type !== 'redacted_thinking') return false
  const proof = block.type === 'thinking' ? block.signature : block.data
  if (issuer !== undefined && ownProof(proof, issuer) !== undefined) return false
  const isUnmarked = issuer !== undefined && typeof proof === 'string' && proof !== ''
  if (isCarried(proof) || isUnmarked) dropped.add('messages.thinking (of another provider)')
  else if (mustBeSigned && (proof === undefined || proof === ''))
    dropped.add('messages.thinking (unsigned)')
  else return false
  return true
}

function isUnproven(citation: JsonObject): boolean {
  return isCarried(citation.encrypted_index)
}

/**
 * With a token budget for thinking, the provider wants a tool loop that goes on to have begun with
 * thinking.
 */
function isUnsignedToolLoop(messages: readonly unknown[]): boolean {
  let opening: JsonObject | undefined
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = asObject(messages[at])
    if (message?.role === 'assistant') opening = message
    else if (
      message?.role === 'user' &&
      !asObjects(message.content).some(({ type }) => type === 'tool_result')
    )
      break
  }
  if (opening === undefined || asObject(messages.at(-1))?.role === 'assistant') return false
  const first = asObjects(opening.content)[0]?.type
  return first !== 'thinking' && first !== 'redacted_thinking'
}
