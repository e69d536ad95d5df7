import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { CallContext } from '../model/call.ts'
import type { JsonObject } from '../model/json-object.ts'
import { buildRequest } from './to-provider/request.ts'
import { parseRequest } from './from-client/request.ts'

const call: CallContext = {
  provider: 'acme',
  model: 'physical',
  stream: false,
  quirks: { developerRole: true, customTools: true, toolMedia: true },
  newId: (prefix) => `${prefix}new`,
}

/**
 * A14: what a client says means the same after it went through the neutral model, so a second pass
 * changes nothing. Left out on purpose: cache hints and foreign signatures (dropped and reported),
 * images an assistant made.
 */
const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const base64 = fc.base64String({ minLength: 4, maxLength: 16 })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const without = <T extends object>(value: T) => JSON.parse(JSON.stringify(value)) as JsonObject

const text = fc.record({ type: fc.constant('text'), text: fc.string({ unit: 'grapheme' }) })
const url = fc.oneof(
  fc.webUrl(),
  base64.map((data) => `data:image/png;base64,${data}`),
)
const image = fc.record({
  type: fc.constant('image_url'),
  image_url: fc.record({ url, detail: optional(fc.constantFrom('low', 'high', 'auto')) }),
})
const audio = fc.record({
  type: fc.constant('input_audio'),
  input_audio: fc.record({ data: base64, format: fc.constantFrom('wav', 'mp3') }),
})
const file = fc.record({
  type: fc.constant('file'),
  file: fc.oneof(
    fc.record({ file_id: word, filename: optional(word) }),
    fc.record({
      file_data: base64.map((data) => `data:application/pdf;base64,${data}`),
      filename: optional(word),
    }),
  ),
})
const list = <T>(part: fc.Arbitrary<T>) => fc.array(part, { minLength: 1, maxLength: 3 })

const input = fc.record({
  role: fc.constantFrom('system', 'developer', 'user'),
  name: optional(word),
  content: fc.oneof(fc.string(), list(fc.oneof(text, image, audio, file))),
})
const toolCall = fc.oneof(
  fc.record({
    id: word,
    type: fc.constant('function'),
    function: fc.record({ name: word, arguments: fc.json() }),
  }),
  fc.record({
    id: word,
    type: fc.constant('custom'),
    custom: fc.record({ name: word, input: fc.string() }),
  }),
)
const ownDetail = fc.oneof(
  fc.record({ type: fc.constant('reasoning.text'), text: fc.string(), signature: word }),
  fc.record({ type: fc.constant('reasoning.encrypted'), data: word }),
)
const assistant = fc.record({
  role: fc.constant('assistant'),
  content: fc.oneof(fc.constant(null), fc.string(), list(text)),
  refusal: optional(fc.oneof(fc.constant(null), word)),
  reasoning_content: optional(word),
  reasoning_details: optional(
    fc
      .array(ownDetail, { maxLength: 3 })
      .map((details) => details.map((detail, index) => ({ ...detail, index }))),
  ),
  tool_calls: optional(list(toolCall)),
  audio: optional(fc.record({ id: word })),
})
const result = fc.record({
  role: fc.constant('tool'),
  tool_call_id: word,
  content: fc.oneof(fc.string(), list(fc.oneof(text, image, file))),
})

const tool = fc.oneof(
  fc.record({
    type: fc.constant('function'),
    function: fc.record({
      name: word,
      description: optional(fc.string()),
      parameters: optional(fc.constant({ type: 'object' })),
      strict: optional(fc.boolean()),
    }),
  }),
  fc.record({
    type: fc.constant('custom'),
    custom: fc.record({
      name: word,
      description: optional(word),
      format: optional(fc.constant({ type: 'text' })),
    }),
  }),
  fc.record({ type: fc.constantFrom('web_search', 'mcp'), options: optional(fc.integer()) }),
)

const body = fc.record({
  model: word,
  messages: list(fc.oneof(input, assistant, result)),
  tools: optional(list(tool)),
  tool_choice: optional(fc.constantFrom('auto', 'none', 'required')),
  parallel_tool_calls: optional(fc.boolean()),
  response_format: optional(
    fc.oneof(
      fc.record({ type: fc.constantFrom('text', 'json_object') }),
      fc.record({
        type: fc.constant('json_schema'),
        json_schema: fc.record({
          name: word,
          schema: fc.constant({ type: 'object' }),
          strict: optional(fc.boolean()),
        }),
      }),
    ),
  ),
  temperature: optional(fc.double({ min: 0, max: 2, noNaN: true })),
  top_p: optional(fc.double({ min: 0, max: 1, noNaN: true })),
  seed: optional(fc.integer()),
  stop: optional(fc.oneof(word, list(word))),
  max_tokens: optional(fc.integer({ min: 1 })),
  max_completion_tokens: optional(fc.integer({ min: 1 })),
  n: optional(fc.integer({ min: 1, max: 8 })),
  logprobs: optional(fc.boolean()),
  logit_bias: optional(
    fc.dictionary(fc.integer({ min: 0 }).map(String), fc.integer({ min: -100, max: 100 })),
  ),
  reasoning_effort: optional(fc.constantFrom('none', 'low', 'high')),
  user: optional(fc.string()),
  metadata: optional(fc.dictionary(word, fc.string())),
  verbosity: optional(fc.constantFrom('low', 'high')),
  prediction: optional(fc.jsonValue().filter((value) => value !== null)),
})

it('a request keeps its meaning through the neutral model', () => {
  fc.assert(
    fc.property(body, (generated) => {
      const client = without(generated)
      const conversation = parseRequest(client, undefined).conversation()
      const built = buildRequest(conversation, call)
      const again = parseRequest(without(built.body as JsonObject), undefined)
      // Choice and parallelism mean nothing without tools, and are errors there.
      const kept =
        conversation.tools.length > 0
          ? conversation
          : { ...conversation, toolChoice: undefined, parallelToolCalls: undefined }
      expect(again.conversation()).toEqual(kept)
      const twice = buildRequest(again.conversation(), call)
      expect(JSON.stringify(twice.body)).toBe(JSON.stringify(built.body))
    }),
    { numRuns: 300 },
  )
})
