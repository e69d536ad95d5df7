import type { Conversation, Message, Part, Role } from '../../model/conversation.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { buildRequest } from './request.ts'

export const CLAUDE = 'eu.claude-sonnet-4-5-20250929-v1:0'
export const NOVA = 'us.amazon.nova-2-lite-v1:0'
export const LLAMA = 'us.meta.llama4-maverick-17b-instruct-v1:0'
export const UNKNOWN =
  'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4'

/** The request for a conversation of which only the unusual is said. */
export function build(
  conversation: Partial<Conversation>,
  call: Partial<CallContext> = {},
): BuiltRequest & { readonly body: JsonObject } {
  const whole: Conversation = {
    origin: 'openai-chat',
    messages: [says('user', 'Hi')],
    tools: [],
    sampling: {},
    extensions: {},
    ...conversation,
  }
  const built = buildRequest(whole, {
    provider: 'cloud',
    model: CLAUDE,
    stream: false,
    quirks: {},
    newId: (prefix) => `${prefix}new`,
    ...call,
  })
  return { ...built, body: built.body as JsonObject }
}

export function says(role: Role, ...texts: readonly string[]): Message {
  return { role, parts: texts.map((text) => ({ type: 'text', text })) }
}

export function calls(...ids: readonly string[]): Part[] {
  return ids.map((id) => ({
    type: 'tool-call',
    id,
    name: 'look',
    arguments: '{"a":1}',
    kind: 'function',
  }))
}

export function result(id: string, text = `result of ${id}`): Message {
  return { role: 'tool', parts: [{ type: 'tool-result', id, content: [{ type: 'text', text }] }] }
}
