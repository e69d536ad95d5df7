import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { unsupported } from '../../model/invalid.ts'

/** The provider's word for an answer that is not in its store; clients know it. */
const NOT_FOUND = 'previous_response_not_found'

/**
 * A 400 for what points at an answer kept somewhere: nothing is kept here, and half a conversation
 * is not answered.
 */
export function notStored(param: string, what: string): GatewayError {
  const message = `${param}: ${what} is not stored here. Send the whole conversation in input, each item as it came; clients do with store: false.`
  return new GatewayError('invalid_request', message, { param, providerCode: NOT_FOUND })
}

/**
 * Throws for every field that only the provider which keeps the answers could honour: another one
 * gets whole requests.
 */
export function refuseStoredState(body: JsonObject): void {
  const { previous_response_id: previous, conversation, prompt, background } = body
  if (previous !== undefined && previous !== null)
    throw notStored('previous_response_id', 'the answer it names')
  if (conversation !== undefined && conversation !== null)
    throw notStored('conversation', 'the conversation it names')
  if (prompt !== undefined && prompt !== null)
    throw unsupported('prompt', 'a prompt kept by another provider')
  if (background === true) throw unsupported('background', 'an answer to be fetched later')
}
