import type { Conversation, Message, Part } from '../../model/conversation.ts'
import type { ChatRequest, ClientRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import {
  optionalBoolean,
  optionalObject,
  optionalString,
  type Place,
  requiredText,
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { isObject } from '../../wire/json.ts'
import { DIALECT } from '../names.ts'
import { readCacheHint, type Extensions, keepOthers, requiredInteger } from './fields.ts'
import { readMessages, readSystem } from './messages.ts'
import { readReasoning, readResponseFormat, readSampling } from './settings.ts'
import { applyToolChanges, readParallel, readToolChoice, readTools } from './tools.ts'

/** A request for a message, or for the number of its tokens. */
export class MessagesRequest implements ChatRequest {
  readonly model: string
  readonly stream: boolean
  /** Every answer of this dialect has it. */
  readonly includeUsage = true
  readonly body: JsonObject
  readonly bytes: Uint8Array | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Query of the path: some clients request beta features with `?beta=true`. */
  readonly search: string
  #conversation: Conversation | undefined

  constructor(request: ClientRequest, model: string) {
    this.model = model
    this.stream = request.body.stream === true
    this.body = request.body
    this.bytes = request.bytes
    this.headers = forwardedHeaders(request)
    this.search = request.query.get('beta') === 'true' ? '?beta=true' : ''
  }

  conversation(): Conversation {
    this.#conversation ??= readConversation(this.body)
    return this.#conversation
  }
}

const FORWARDED = ['anthropic-version', 'anthropic-beta'] as const

function forwardedHeaders(request: ClientRequest): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of FORWARDED) {
    const value = request.header(name)
    if (value !== undefined && value !== '') headers[name] = value
  }
  return headers
}

/**
 * Reads a request as far as routing needs; the checks every request gets, also one that is passed
 * on as it is. Throws `invalid_request` with `param`.
 */
export function parseRequest(request: ClientRequest): MessagesRequest {
  const parsed = parseCountRequest(request)
  const place = { value: request.body, path: '' }
  requiredInteger(place, 'max_tokens')
  optionalBoolean(place, 'stream')
  return parsed
}

/** The same for a request that only counts, which has no limit of its answer. */
export function parseCountRequest(request: ClientRequest): MessagesRequest {
  const model = requiredText({ value: request.body, path: '' }, 'model')
  const { messages } = request.body
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid('messages', 'a non-empty array', messages)
  const at = messages.findIndex((message) => !isObject(message))
  if (at !== -1) throw invalid(`messages[${at}]`, 'an object', messages[at])
  return new MessagesRequest(request, model)
}

const REQUEST_FIELDS: ReadonlySet<string> = new Set(
  (
    'model messages max_tokens stream system tools tool_choice thinking output_config stop_sequences ' +
    'temperature top_p top_k metadata cache_control'
  ).split(' '),
)

/** The whole request in the neutral model. Throws `invalid_request` that names the field. */
export function readConversation(body: JsonObject): Conversation {
  const place = { value: body, path: '' }
  const extensions: Extensions = new Map()
  keepOthers(body, { known: REQUEST_FIELDS, prefix: '', extensions })
  const system = readSystem(place, extensions)
  const history = readMessages(place, extensions)
  const messages = [...system, ...history.messages]
  const conversation = {
    origin: DIALECT,
    messages: readCacheHint(place) === undefined ? messages : hintAtEnd(messages, place),
    tools: applyToolChanges(readTools(place, extensions), history.toolChanges),
    toolChoice: readToolChoice(place),
    parallelToolCalls: readParallel(place),
    responseFormat: readResponseFormat(place, extensions),
    sampling: readSampling(place),
    reasoning: readReasoning(place, history.effort, extensions),
    user: readUser(place, extensions),
  }
  return { ...conversation, extensions: Object.fromEntries(extensions) }
}

const METADATA_FIELDS: ReadonlySet<string> = new Set(['user_id'])

function readUser(place: Place, extensions: Extensions): string | undefined {
  const metadata = optionalObject(place, 'metadata')
  if (metadata === undefined) return undefined
  keepOthers(metadata.value, { known: METADATA_FIELDS, prefix: 'metadata.', extensions })
  return optionalString(metadata, 'user_id')
}

/** `cache_control` of the whole request marks the last block that can be marked. */
function hintAtEnd(messages: readonly Message[], place: Place): Message[] {
  const last = messages.findLastIndex(({ parts }) => parts.some(isHintable))
  return messages.map((message, at) => {
    if (at !== last) return message
    const end = message.parts.findLastIndex(isHintable)
    const hint = readCacheHint(place)
    return {
      ...message,
      parts: message.parts.map((part, index) =>
        index === end && isHintable(part) ? { ...part, cacheHint: part.cacheHint ?? hint } : part,
      ),
    }
  })
}

function isHintable(part: Part): part is Extract<Part, { readonly cacheHint?: unknown }> {
  return (
    part.type === 'text' ||
    part.type === 'image' ||
    part.type === 'file' ||
    part.type === 'tool-result'
  )
}
