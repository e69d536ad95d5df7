import { describe, expect, it } from 'vitest'
import { GatewayError } from '../errors.ts'
import { anthropicMessages, gemini, openaiChat, openaiResponses, readChat } from './index.ts'
import type { Dialect } from './model/dialect.ts'
import type { JsonObject } from './model/json-object.ts'

const tool = { name: 'f', description: 'd', parameters: { type: 'object', format: 'x' } }
const bodies: readonly (readonly [Dialect, JsonObject])[] = [
  [
    openaiChat,
    {
      model: 'm',
      modalities: ['text'],
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'a' }] },
        {
          role: 'user',
          name: 'n',
          content: [{ type: 'image_url', image_url: { url: 'https://a/b' } }],
        },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'r' },
      ],
      tools: [{ type: 'function', function: tool }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 's', schema: { type: 'object' } },
      },
      reasoning_effort: 'low',
    },
  ],
  [
    openaiResponses,
    {
      model: 'm',
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }] },
        { type: 'reasoning', id: 'r', summary: [{ type: 'summary_text', text: 's' }] },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'o' }] },
      ],
      tools: [{ type: 'function', ...tool }, { type: 'web_search' }],
      text: { format: { type: 'json_schema', name: 's', schema: { type: 'object' } } },
      reasoning: { effort: 'low', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
    },
  ],
  [
    anthropicMessages,
    {
      model: 'm',
      max_tokens: 5,
      system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a' }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'r' }] },
          ],
        },
      ],
      tools: [{ name: 'f', description: 'd', input_schema: { type: 'object' } }],
      thinking: { type: 'enabled', budget_tokens: 1024 },
    },
  ],
  [
    gemini,
    {
      contents: [
        {
          role: 'user',
          parts: [{ text: 'a' }, { inlineData: { mimeType: 'image/png', data: 'aaaa' } }],
        },
        { role: 'model', parts: [{ functionCall: { id: 'c', name: 'f', args: {} } }] },
        {
          role: 'user',
          parts: [{ functionResponse: { id: 'c', name: 'f', response: { result: 'r' } } }],
        },
      ],
      tools: [{ functionDeclarations: [tool] }],
      generationConfig: {
        responseMimeType: 'application/json',
        thinkingConfig: { thinkingLevel: 'low' },
      },
    },
  ],
]

/** The body with each value in turn replaced. */
function* replaced(value: unknown, by: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    const copy = (inner: unknown): unknown =>
      Array.isArray(value)
        ? value.map((own: unknown, at) => (String(at) === key ? inner : own))
        : { ...value, [key]: inner }
    yield copy(by)
    for (const inner of replaced((value as JsonObject)[key], by)) yield copy(inner)
  }
}

const hostile: readonly unknown[] = [
  { toString: '' },
  { toString: '', valueOf: 1 },
  { __proto__: null },
  [[]],
  5,
  null,
  true,
]

describe('hostile values', () => {
  it.each(bodies.map(([dialect, body]) => [dialect.name, dialect, body] as const))(
    'in any place of a request of %s are read or refused, and never throw anything else',
    (_, dialect, body) => {
      let count = 0
      for (const by of hostile) {
        for (const changed of replaced(body, by)) {
          count += 1
          try {
            const operation = readChat(dialect, {
              body: changed as JsonObject,
              bytes: undefined,
              params: { model: 'm' },
              query: new URLSearchParams(),
              header: () => undefined,
            })
            operation.surcharges?.()
            operation.cacheWrites?.()
            operation.conversation?.()
            operation.estimateInput?.()
          } catch (error) {
            if (!(error instanceof GatewayError))
              throw new Error(`${String(error)}: ${JSON.stringify(changed)}`, { cause: error })
          }
        }
      }
      expect(count).toBeGreaterThan(100)
    },
  )
})
