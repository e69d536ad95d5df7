import { append } from '../../../foundation/lists.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { ChatRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asList, asObject } from '../../wire/json.ts'
import { spliceModel } from '../../wire/splice-model.ts'
import { deviations } from '../to-provider/deviations.ts'
import { refusesReasoning } from '../to-provider/history/index.ts'
import { isForeignDetail } from '../from-provider/reasoning-details.ts'

/**
 * The client's request for a provider that speaks the same dialect: its own bytes with the physical
 * model in place of the name the client used. Only what the provider would refuse is changed, and
 * reported.
 */
export function relayRequest(request: ChatRequest, call: CallContext): BuiltRequest {
  const changes = changesFor(request, call)
  const dropped = changes.dropped
  if (!changes.rebuild && request.bytes !== undefined) {
    const bytes = spliceModel(request.bytes, {
      from: request.model,
      to: call.model,
      first: changes.askUsage ? USAGE_OPTION : undefined,
    })
    if (bytes !== undefined) return { path: PATH, body: bytes, dropped }
  }
  const body: JsonObject = { ...request.body, ...changes.set, model: call.model }
  if (changes.askUsage)
    body.stream_options = { ...asObject(request.body.stream_options), include_usage: true }
  for (const field of changes.remove) delete body[field]
  return { path: PATH, body, dropped }
}

const PATH = '/chat/completions'
const USAGE_OPTION = { name: 'stream_options', value: '{"include_usage":true}' }

interface Changes {
  /** Fields beyond `model` and `stream_options` change, so the bytes cannot stay. */
  readonly rebuild: boolean
  /** Usage is always asked for, for the record; the client gets it only if it asked too. */
  readonly askUsage: boolean
  readonly set: JsonObject
  readonly remove: readonly string[]
  readonly dropped: readonly string[]
}

function changesFor(request: ChatRequest, call: CallContext): Changes {
  const { body } = request
  const { quirks } = call
  const set: JsonObject = {}
  const remove: string[] = []
  const dropped: string[] = []
  const [from, to] =
    quirks.maxTokensField === 'max_completion_tokens'
      ? ['max_tokens', 'max_completion_tokens']
      : ['max_completion_tokens', 'max_tokens']
  if (from !== undefined && to !== undefined && typeof body[from] === 'number') {
    remove.push(from)
    if (body[to] === undefined || body[to] === null) set[to] = body[from]
    else dropped.push(`${from} (${to} is sent)`)
  }
  const messages = quirks.relaysSignatures
    ? undefined
    : withoutForeignReasoning(asList(body.messages), {
        refused: refusesReasoning(quirks, call.model),
        dropped,
      })
  if (messages !== undefined) set.messages = messages
  const own = deviations(messages === undefined ? body : { ...body, messages }, call, {
    add: (change) => dropped.push(change),
  })
  for (const field in own) {
    if (own[field] === undefined) remove.push(field)
    else set[field] = own[field]
  }
  const options = asObject(body.stream_options)
  if (quirks.noStreamOptions && body.stream_options !== undefined) {
    remove.push('stream_options')
    if (options !== undefined && Object.keys(options).some((key) => key !== 'include_usage'))
      dropped.push('stream_options')
  }
  const askUsage = request.stream && !quirks.noStreamOptions && options?.include_usage !== true
  return {
    rebuild: remove.length > 0 || Object.keys(set).length > 0,
    askUsage,
    set,
    remove,
    dropped,
  }
}

const REASONING_FIELDS = ['reasoning_content', 'reasoning', 'reasoning_details'] as const

/**
 * A history that other providers have written carries their proofs, which only they may see. The
 * original API refuses reasoning altogether; compatible services have fields of their own for it,
 * which stay.
 */
function withoutForeignReasoning(
  messages: readonly unknown[],
  to: { readonly refused: boolean; readonly dropped: string[] },
): unknown[] | undefined {
  let cleaned: unknown[] | undefined
  for (let at = 0; at < messages.length; at++) {
    const message = messages[at] as JsonObject
    if (message.role !== 'assistant') continue
    const changes = {
      ...(to.refused ? withoutReasoning(message) : ownDetails(message)),
      ...unsignedCalls(message),
      ...bareParts(message),
    }
    if (Object.keys(changes).length === 0) continue
    append(
      to.dropped,
      Object.keys(changes).map((field) => `messages[${at}].${changedFields[field] ?? field}`),
    )
    cleaned ??= [...messages]
    cleaned[at] = Object.fromEntries(
      Object.entries({ ...message, ...changes }).filter(([, value]) => value !== undefined),
    )
  }
  return cleaned
}

const changedFields: Readonly<Record<string, string>> = {
  tool_calls: 'tool_calls.extra_content',
  content: 'content (fields of the message in its parts)',
}

/**
 * A client library repeats the whole message in each of its parts, proofs included; a part has
 * fields of its own.
 */
function bareParts(message: JsonObject): JsonObject {
  const parts = asList(message.content)
  if (
    !parts.some(
      (part) =>
        asObject(part)?.reasoning_details !== undefined || asObject(part)?.tool_calls !== undefined,
    )
  )
    return {}
  return {
    content: parts.map((part) => {
      const {
        reasoning_details: _details,
        reasoning_content: _content,
        tool_calls: _calls,
        role: _role,
        refusal,
        ...rest
      } = asObject(part) ?? {}
      return asObject(part) === undefined
        ? part
        : { ...rest, ...(rest.type === 'refusal' && { refusal }) }
    }),
  }
}

function withoutReasoning(message: JsonObject): JsonObject {
  return Object.fromEntries(
    REASONING_FIELDS.filter((field) => message[field] !== undefined).map((field) => [
      field,
      undefined,
    ]),
  )
}

function ownDetails(message: JsonObject): JsonObject {
  const details = asList(message.reasoning_details)
  const own = details.filter((detail) => !isForeignDetail(detail))
  return own.length === details.length
    ? {}
    : { reasoning_details: own.length === 0 ? undefined : own }
}

/** The proofs of calls, which one client library keeps with the whole message. */
function unsignedCalls(message: JsonObject): JsonObject {
  const calls = asList(message.tool_calls)
  const own = message.extra_content === undefined ? {} : { extra_content: undefined }
  if (!calls.some((call) => asObject(call)?.extra_content !== undefined)) return own
  return {
    ...own,
    tool_calls: calls.map((call) => {
      const { extra_content: _, ...rest } = asObject(call) ?? {}
      return asObject(call) === undefined ? call : rest
    }),
  }
}
