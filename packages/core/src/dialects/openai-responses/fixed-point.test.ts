import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Part } from '../model/conversation.ts'
import type { JsonObject } from '../model/json-object.ts'
import { renderAnswer } from './to-client/answer.ts'
import { callTo } from './to-provider/conversation.fake.ts'
import { buildRequest } from './to-provider/request.ts'
import { claude, conversationIn, renderContext, thought } from './to-client/server.fake.ts'

const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const base64 = fc.base64String({ minLength: 4, maxLength: 16 })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const list = <T>(part: fc.Arbitrary<T>) => fc.array(part, { minLength: 1, maxLength: 3 })
const without = <T extends object>(value: T) => JSON.parse(JSON.stringify(value)) as JsonObject

/**
 * A14: what a model answered, sent back as it came, is what it answered: nothing is lost on the way
 * through a client, whichever provider wrote it.
 */
describe('answer, history, conversation', () => {
  const signature = fc.oneof(word.map(claude), word.map(thought))
  const part: fc.Arbitrary<Part> = fc.oneof(
    fc.record({ type: fc.constant('text' as const), text: word }),
    fc.record({ type: fc.constant('refusal' as const), text: word }),
    fc.record({
      type: fc.constant('reasoning' as const),
      text: fc.string({ maxLength: 8 }),
      signature,
    }),
    fc.record({
      type: fc.constant('reasoning' as const),
      text: fc.constant(''),
      signature,
      redacted: fc.constant(true),
    }),
    fc.record({
      type: fc.constant('tool-call' as const),
      id: word,
      name: word,
      arguments: fc.json(),
      kind: fc.constant('function' as const),
      signature: optional(signature),
    }),
    fc.record({
      type: fc.constant('tool-call' as const),
      id: word,
      name: word,
      arguments: fc.string(),
      kind: fc.constant('custom' as const),
    }),
    base64.map((data) => ({
      type: 'image' as const,
      source: { kind: 'data' as const, mediaType: 'image/webp', data },
    })),
    fc.constant({
      type: 'extension' as const,
      dialect: 'openai-responses',
      value: { type: 'web_search_call', id: 'ws_1' },
    }),
  )
  const isUnique = (parts: readonly Part[]) => {
    const ids = parts.flatMap((item) => (item.type === 'tool-call' ? [item.id] : []))
    return new Set(ids).size === ids.length
  }
  /** Texts, or refusals, in a row are one. */
  const merged = (parts: readonly Part[]) => {
    const all: Part[] = []
    for (const item of parts) {
      const last = all.at(-1)
      if ((item.type === 'text' || item.type === 'refusal') && last?.type === item.type)
        all[all.length - 1] = { ...last, text: last.text + item.text }
      else all.push(item)
    }
    return all
  }

  it('is a circle', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }).filter(isUnique), (parts) => {
        const { output } = without(
          renderAnswer({ choices: [{ parts, finish: { reason: 'stop' } }] }, renderContext()),
        )
        const { messages } = conversationIn({
          input: [{ role: 'user', content: 'Hi' }, ...(output as JsonObject[])],
        })
        expect(messages).toHaveLength(2)
        expect(messages[1]).toEqual({ role: 'assistant', parts: merged(parts) })
      }),
      { numRuns: 300 },
    )
  })
})

/**
 * Left out on purpose: images the assistant made, which only the relay carries; ids of items, which
 * name nothing without a store.
 */
const text = fc.record({ type: fc.constant('input_text'), text: word })
const url = fc.oneof(
  fc.webUrl(),
  base64.map((data) => `data:image/png;base64,${data}`),
)
const image = fc.oneof(
  fc.record({
    type: fc.constant('input_image'),
    image_url: url,
    detail: fc.constantFrom('low', 'high', 'auto'),
  }),
  fc.record({
    type: fc.constant('input_image'),
    file_id: word,
    detail: fc.constantFrom('low', 'high', 'auto'),
  }),
)
const file = fc.oneof(
  fc.record({ type: fc.constant('input_file'), file_id: word }),
  fc.record({
    type: fc.constant('input_file'),
    filename: word,
    file_data: base64.map((data) => `data:application/pdf;base64,${data}`),
  }),
  fc.record({ type: fc.constant('input_file'), file_url: fc.webUrl() }),
)
const content = fc.oneof(word, list(fc.oneof(text, image, file)))
const callId = fc.string({ minLength: 1, maxLength: 64 })
const said = fc.oneof(
  word,
  list(
    fc.oneof(
      fc.record({ type: fc.constant('output_text'), text: word }),
      fc.record({ type: fc.constant('refusal'), refusal: word }),
    ),
  ),
)

/** Reasoning is always followed by what it led to. */
const turn = fc.oneof(
  fc
    .record({ role: fc.constantFrom('user', 'system', 'developer'), content })
    .map((item) => [item]),
  fc.record({ role: fc.constant('assistant'), content: said }).map((item) => [item]),
  fc
    .record({
      reasoning: fc.record({
        type: fc.constant('reasoning'),
        id: word,
        summary: list(fc.record({ type: fc.constant('summary_text'), text: word })),
        encrypted_content: base64,
      }),
      call: fc.record({
        type: fc.constant('function_call'),
        call_id: callId,
        name: word,
        arguments: fc.json(),
      }),
      output: content,
    })
    .map(({ reasoning, call, output }) => [
      reasoning,
      call,
      { type: 'function_call_output', call_id: call.call_id, output },
    ]),
  fc
    .record({
      call: fc.record({
        type: fc.constant('custom_tool_call'),
        call_id: callId,
        name: word,
        input: fc.string(),
      }),
      output: word,
    })
    .map(({ call, output }) => [
      call,
      { type: 'custom_tool_call_output', call_id: call.call_id, output },
    ]),
  fc.constant([
    { type: 'web_search_call', id: 'ws_1', status: 'completed' },
    { type: 'mcp_approval_response', approval_request_id: 'a', approve: true },
  ]),
)
const tool = fc.oneof(
  fc.record({
    type: fc.constant('function'),
    name: word,
    description: optional(word),
    parameters: fc.constant({ type: 'object' }),
    strict: optional(fc.boolean()),
  }),
  fc.record({
    type: fc.constant('custom'),
    name: word,
    description: optional(word),
    format: optional(fc.constant({ type: 'grammar', syntax: 'lark', definition: 'x' })),
  }),
  fc.record({
    type: fc.constantFrom('web_search', 'tool_search'),
    options: optional(fc.integer()),
  }),
)
const body = fc.record({
  input: list(turn).map((turns) => turns.flat()),
  instructions: optional(word),
  tools: optional(list(tool)),
  tool_choice: optional(fc.constantFrom('auto', 'none', 'required')),
  parallel_tool_calls: optional(fc.boolean()),
  text: optional(
    fc.record({
      format: optional(
        fc.oneof(
          fc.record({ type: fc.constantFrom('text', 'json_object') }),
          fc.record({
            type: fc.constant('json_schema'),
            name: word,
            schema: fc.constant({ type: 'object' }),
            strict: optional(fc.boolean()),
          }),
        ),
      ),
      verbosity: optional(fc.constantFrom('low', 'high')),
    }),
  ),
  reasoning: optional(
    fc.record({
      effort: optional(fc.constantFrom('low', 'high')),
      summary: optional(fc.constantFrom('auto', 'detailed')),
    }),
  ),
  include: optional(
    fc.constantFrom(
      ['reasoning.encrypted_content'],
      ['message.output_text.logprobs', 'file_search_call.results'],
    ),
  ),
  temperature: optional(fc.double({ min: 0, max: 2, noNaN: true })),
  top_p: optional(fc.double({ min: 0, max: 1, noNaN: true })),
  top_logprobs: optional(fc.integer({ min: 1, max: 20 })),
  max_output_tokens: optional(fc.integer({ min: 16 })),
  user: optional(word),
  safety_identifier: optional(word),
  metadata: optional(fc.dictionary(word, fc.string(), { minKeys: 1 })),
  prompt_cache_key: optional(word),
  store: optional(fc.constant(false)),
})

describe('request, conversation, request', () => {
  it('keeps its meaning for a provider of the same dialect', () => {
    fc.assert(
      fc.property(body, (generated) => {
        const conversation = conversationIn(without(generated))
        const built = buildRequest(conversation, callTo('unknown-model'))
        expect(built.dropped.filter((note) => !note.startsWith('tool_choice'))).toEqual([])
        const again = conversationIn(without(built.body as JsonObject))
        const choices =
          conversation.tools.length > 0
            ? {}
            : { toolChoice: undefined, parallelToolCalls: undefined }
        expect(again).toEqual({ ...conversation, ...choices })
      }),
      { numRuns: 300 },
    )
  })
})
