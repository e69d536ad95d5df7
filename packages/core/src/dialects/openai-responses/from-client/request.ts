import type { Conversation } from '../../model/conversation.ts'
import type { ChatRequest, ClientRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { readConversation } from './conversation.ts'
import { checkFields } from './request-fields.ts'

/**
 * Reads a request as far as routing needs. What needs a provider's own memory
 * (`previous_response_id`, `background`) is no error yet: a provider of this dialect gets it as it
 * is. Throws `invalid_request` with `param`.
 */
export function parseRequest({ body, bytes }: Pick<ClientRequest, 'body' | 'bytes'>): ChatRequest {
  checkFields(body)
  return new ParsedRequest(body, bytes)
}

class ParsedRequest implements ChatRequest {
  readonly model: string
  readonly stream: boolean
  /** A stream of this dialect always tells its usage. */
  readonly includeUsage = true
  readonly body: JsonObject
  readonly bytes: Uint8Array | undefined
  #conversation: Conversation | undefined

  constructor(body: JsonObject, bytes: Uint8Array | undefined) {
    this.model = body.model as string
    this.stream = body.stream === true
    this.body = body
    this.bytes = bytes
  }

  conversation(): Conversation {
    this.#conversation ??= readConversation(this.body)
    return this.#conversation
  }
}
