import fc from 'fast-check'
import { PIXEL_URL } from './pictures.ts'

/** An unchecked JSON object. */
type Json = Record<string, unknown>

const words = fc.constantFrom(
  'Good morning',
  'a',
  'Grüße, 世界 👋🏽',
  'line\nbreak',
  '{"json":true}',
  '<b>&amp;</b>',
  'x'.repeat(300),
)
const city = fc.constantFrom('Paris', 'Zürich', '東京')
const pdf = `data:application/pdf;base64,${Buffer.from('%PDF-1.4 tiny').toString('base64')}`

const textPart = words.map((text): Json => ({ type: 'text', text }))
const imagePart = fc.constant<Json>({ type: 'image_url', image_url: { url: PIXEL_URL } })
const filePart = fc.constant<Json>({
  type: 'file',
  file: { filename: 'report (1).pdf', file_data: pdf },
})
const userContent = fc.oneof(
  words,
  fc.array(fc.oneof(textPart, imagePart, filePart), { minLength: 1, maxLength: 3 }),
)
const user = userContent.map((content): Json => ({ role: 'user', content }))
const system = fc.record({
  role: fc.constantFrom('system', 'developer'),
  content: words,
}) as fc.Arbitrary<Json>
const spoken = words.map((content): Json => ({ role: 'assistant', content }))

/** Ids as different providers make them; one of them may be new to every other. */
const ids = fc.constantFrom(
  'call_abc123',
  'toolu_01ABC',
  'a1B2c3D4e',
  'tooluse_x-y',
  'chatcmpl-tool-0123456789abcdef0123456789abcdef',
  'weather:0',
  'fc.1',
)

/** An assistant's calls with their results, as one turn; ids are made unique by their number. */
const toolTurn = fc
  .record({
    text: fc.option(words, { nil: null }),
    calls: fc.array(fc.record({ id: ids, city, result: fc.oneof(words, fc.constant('')) }), {
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({ text, calls }): ((turn: number) => Json[]) => (turn) => {
    const named = calls.map((call, at) => ({ ...call, id: `${call.id}${turn}${at}` }))
    return [
      {
        role: 'assistant',
        content: text,
        tool_calls: named.map(({ id, city: place }) => ({
          id,
          type: 'function',
          function: { name: 'get_weather', arguments: JSON.stringify({ city: place }) },
        })),
      },
      ...named.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result })),
    ]
  })

const tool = fc.record({
  type: fc.constant('function'),
  function: fc.record({
    name: fc.constant('get_weather'),
    description: fc.constant('The weather in a city'),
    parameters: fc.constantFrom(
      {
        type: 'object',
        properties: { city: { type: 'string' } },
        required: ['city'],
        additionalProperties: false,
      },
      {
        type: 'object',
        properties: {
          city: { anyOf: [{ type: 'string' }, { type: 'null' }] },
          days: { type: 'integer', minimum: 1 },
        },
        required: ['city', 'days'],
        additionalProperties: false,
      },
      {
        type: 'object',
        properties: { city: { $ref: '#/$defs/place' } },
        required: ['city'],
        additionalProperties: false,
        $defs: { place: { type: 'string', enum: ['Paris', 'Rome'] } },
      },
    ),
  }),
})

const format = fc.constantFrom<Json>(
  { type: 'json_object' },
  {
    type: 'json_schema',
    json_schema: {
      name: 'place',
      strict: true,
      schema: {
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
        additionalProperties: false,
      },
    },
  },
)

const settings = fc.record(
  {
    temperature: fc.constantFrom(0, 0.5, 1),
    max_completion_tokens: fc.constantFrom(64, 1000),
    stop: fc.constantFrom('END', ['END', 'STOP']),
    reasoning_effort: fc.constantFrom('low', 'high'),
    user: fc.constant('user-1'),
    tool_choice: fc.constantFrom('auto', 'none', 'required'),
    parallel_tool_calls: fc.boolean(),
    response_format: format,
  },
  { requiredKeys: [] },
)

/** Chat completion requests such as applications send them, with histories of several turns. */
export const chatRequests: fc.Arbitrary<Json> = fc
  .record({
    opening: fc.array(system, { maxLength: 2 }),
    turns: fc.array(
      fc.oneof(fc.tuple(user, spoken), fc.tuple(user, toolTurn), fc.tuple(user, system)),
      { maxLength: 3 },
    ),
    last: user,
    settings,
    tool,
  })
  .map(({ opening, turns, last, settings: chosen, tool: offered }) => {
    const messages = [
      ...opening,
      ...turns.flatMap(([asked, answer], at) => [
        asked,
        ...(typeof answer === 'function' ? answer(at) : [answer]),
      ]),
      last,
    ]
    const usesTools =
      messages.some((message) => message['tool_calls'] !== undefined) ||
      chosen.tool_choice !== undefined ||
      chosen.parallel_tool_calls !== undefined
    return { messages, ...chosen, ...(usesTools && { tools: [offered] }) }
  })
