import type { GatewayError } from '../../errors.ts'
import type { Conversation, Message } from '../model/conversation.ts'
import type { CallContext } from '../model/call.ts'
import type { JsonObject } from '../model/json-object.ts'
import { cohere } from './index.ts'

export function callContext(more: Partial<CallContext> = {}): CallContext {
  return {
    provider: 'acme',
    model: 'command-a-03-2025',
    stream: false,
    quirks: {},
    newId: (prefix) => `${prefix}new`,
    ...more,
  }
}

export function build(conversation: Partial<Conversation>, call: Partial<CallContext> = {}) {
  const whole: Conversation = {
    origin: 'openai-chat',
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    tools: [],
    sampling: {},
    extensions: {},
    ...conversation,
  }
  const built = cohere.providerSide.buildRequest(whole, callContext(call))
  return { ...built, body: built.body as JsonObject & { messages: JsonObject[] } }
}

export const messagesOf = (messages: readonly Message[], call: Partial<CallContext> = {}) =>
  build({ messages }, call).body.messages
export const text = (value: string) => ({ type: 'text', text: value }) as const
export const weather = {
  kind: 'function',
  name: 'weather',
  parameters: { type: 'object' },
} as const
export const time = { kind: 'function', name: 'time' } as const

export function refusalOf(ask: () => unknown): GatewayError {
  try {
    ask()
  } catch (error) {
    return error as GatewayError
  }
  throw new Error('Nothing was refused.')
}
