import type { Conversation } from '../../model/conversation.ts'
import type { ChatRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { readConversation } from './conversation.ts'
import { invalid } from '../../model/invalid.ts'
import { asObject } from '../../wire/json.ts'
import { checkFields } from './request-fields.ts'

/**
 * Reads a chat completion request as far as routing needs. Throws `invalid_request` with `param`.
 */
export function parseRequest(body: JsonObject, bytes: Uint8Array | undefined): ChatRequest {
  checkFields(body)
  return new ParsedRequest(body, bytes)
}

class ParsedRequest implements ChatRequest {
  readonly model: string
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly body: JsonObject
  readonly bytes: Uint8Array | undefined
  #conversation: Conversation | undefined

  constructor(body: JsonObject, bytes: Uint8Array | undefined) {
    this.model = body.model as string
    this.stream = body.stream === true
    this.includeUsage = readIncludeUsage(body)
    this.body = body
    this.bytes = bytes
  }

  conversation(): Conversation {
    this.#conversation ??= readConversation(this.body)
    return this.#conversation
  }
}

function readIncludeUsage(body: JsonObject): boolean {
  const value = asObject(body.stream_options)?.include_usage ?? false
  if (typeof value !== 'boolean') throw invalid('stream_options.include_usage', 'a boolean', value)
  return value
}
