import type { Conversation, Message, Part } from '../../model/conversation.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { buildRequest } from './request.ts'

/** A call whose ids are counted. */
export function callTo(model: string, more: Partial<CallContext> = {}): CallContext {
  let ids = 0
  return {
    provider: 'acme',
    model,
    stream: false,
    quirks: {},
    newId: (prefix) => `${prefix}${++ids}`,
    ...more,
  }
}

/** A request of a chat completions client, changed by `more`. */
export function conversationOf(
  messages: readonly Message[],
  more: Partial<Conversation> = {},
): Conversation {
  return { origin: 'openai-chat', messages, tools: [], sampling: {}, extensions: {}, ...more }
}

export function text(value: string): Part {
  return { type: 'text', text: value }
}

export function says(role: Message['role'], ...parts: Part[]): Message {
  return { role, parts }
}

/** The built body beside what was dropped. */
export function build(
  conversation: Conversation,
  call: CallContext = callTo('gpt-4.1'),
): { readonly body: JsonObject; readonly dropped: BuiltRequest['dropped'] } {
  const { body, dropped } = buildRequest(conversation, call)
  return { body: body as JsonObject, dropped }
}

export const hello: Message = says('user', text('Hello'))
