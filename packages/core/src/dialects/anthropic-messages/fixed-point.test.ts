import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../model/json-object.ts'
import { callContext, clientRequest } from './from-client/request.fake.ts'
import { anthropicMessages } from './index.ts'
import { parseRequest } from './from-client/request.ts'

const word = fc
  .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
  .map((value) => `${value}.`)
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/)
const base64 = fc.base64String({ minLength: 4, maxLength: 16 })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 3 })
const marker = optional(fc.constantFrom({ type: 'ephemeral' }, { type: 'ephemeral', ttl: '1h' }))

const text = fc.record({ type: fc.constant('text'), text: word, cache_control: marker })
const image = fc.record({
  type: fc.constant('image'),
  source: fc.oneof(
    fc.record({ type: fc.constant('base64'), media_type: fc.constant('image/png'), data: base64 }),
    fc.record({ type: fc.constant('url'), url: fc.webUrl() }),
  ),
  cache_control: marker,
})
const document = fc.record({
  type: fc.constant('document'),
  source: fc.oneof(
    fc.record({
      type: fc.constant('base64'),
      media_type: fc.constant('application/pdf'),
      data: base64,
    }),
    fc.record({ type: fc.constant('text'), media_type: fc.constant('text/plain'), data: word }),
    fc.record({ type: fc.constant('url'), url: fc.webUrl() }),
  ),
  title: optional(word),
})
const thinking = fc.oneof(
  fc.record({ type: fc.constant('thinking'), thinking: fc.string(), signature: base64 }),
  fc.record({ type: fc.constant('redacted_thinking'), data: base64 }),
)
const serverBlock = fc.record({
  type: fc.constantFrom('server_tool_use', 'web_search_tool_result', 'new_block'),
  id: name,
})
const result = fc.oneof(
  fc.constant(undefined),
  word,
  list(fc.oneof(text, image, fc.record({ type: fc.constant('tool_reference'), tool_name: name }))),
)

/**
 * A user's turn, and perhaps an answer with calls and the results of these. The ids tell the place.
 */
const exchange = fc
  .tuple(
    list(fc.oneof(text, image, document)),
    fc.array(thinking, { maxLength: 2 }),
    fc.array(fc.oneof(text, serverBlock), { maxLength: 2 }),
    fc.array(fc.tuple(name, fc.dictionary(name, word), result), { maxLength: 2 }),
  )
  .map(([user, thoughts, said, calls]) => (at: number): JsonObject[] => {
    const ids = calls.map((_call, index) => `toolu_${at}_${index}`)
    const uses = calls.map(([tool, input], index) => ({
      type: 'tool_use',
      id: ids[index],
      name: tool,
      input,
    }))
    const results = calls.map(([, , content], index) => ({
      type: 'tool_result',
      tool_use_id: ids[index],
      content,
    }))
    const turns: JsonObject[] = [{ role: 'user', content: user }]
    if (thoughts.length + said.length + uses.length > 0)
      turns.push({ role: 'assistant', content: [...thoughts, ...said, ...uses] })
    if (results.length > 0) turns.push({ role: 'user', content: results })
    return turns
  })

const tool = fc.oneof(
  fc.record({
    name,
    description: optional(word),
    input_schema: fc.constant({ type: 'object', properties: {} }),
    cache_control: marker,
  }),
  fc.record({
    type: fc.constantFrom('web_search_20260318', 'bash_20250124'),
    name: fc.constant('own'),
    max_uses: optional(fc.nat()),
  }),
)
const bodyWith = (thoughts: readonly JsonObject[]) =>
  fc.record({
    model: fc.constant('m'),
    max_tokens: fc.integer({ min: 4096, max: 8192 }),
    system: optional(fc.oneof(word, list(text))),
    messages: fc
      .array(exchange, { minLength: 1, maxLength: 3 })
      .map((exchanges) => exchanges.flatMap((turnsAt, at) => turnsAt(at))),
    tools: optional(list(tool)),
    tool_choice: optional(
      fc.constantFrom(
        { type: 'auto' },
        { type: 'none' },
        { type: 'auto', disable_parallel_tool_use: true },
      ),
    ),
    thinking: optional(fc.constantFrom(...thoughts)),
    output_config: optional(fc.record({ effort: optional(fc.constantFrom('low', 'high')) })),
    stop_sequences: optional(list(word)),
    temperature: optional(fc.constantFrom(0, 0.5, 1)),
    metadata: optional(fc.record({ user_id: word })),
    service_tier: optional(fc.constantFrom('auto', 'standard_only')),
    container: optional(fc.record({ id: name })),
  })

const without = <T extends object>(value: T) => JSON.parse(JSON.stringify(value)) as JsonObject
const through = (request: JsonObject, model: string) =>
  without(
    anthropicMessages.providerSide.buildRequest(
      parseRequest(clientRequest(request)).conversation(),
      callContext({ model }),
    ).body as JsonObject,
  )

const budget: JsonObject = { type: 'enabled', budget_tokens: 2048 }
const disabled: JsonObject = { type: 'disabled' }

it.each([
  ['claude-sonnet-4-5', [budget, disabled]],
  ['claude-opus-5', [{ type: 'adaptive' }, disabled]],
  ['kimi-k3', [budget, disabled]],
])('a request for %s keeps its meaning through the neutral model', (model, thoughts) => {
  fc.assert(
    fc.property(bodyWith(thoughts), (generated) => {
      const once = through(without(generated), model)
      expect(through(once, model)).toEqual(once)
    }),
    { numRuns: 150 },
  )
})

describe('what the dialect says comes out as it went in', () => {
  it('a conversation with everything in it', () => {
    const request = {
      model: 'm',
      max_tokens: 4096,
      system: [
        { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } },
      ],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look.' },
            {
              type: 'image',
              source: { type: 'url', url: 'https://a.example/b.png' },
              cache_control: { type: 'ephemeral' },
            },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'Eq+/==' },
            { type: 'redacted_thinking', data: 'Em+/==' },
            { type: 'text', text: 'One moment.' },
            {
              type: 'server_tool_use',
              id: 'srvtoolu_1',
              name: 'web_search',
              input: { query: 'x' },
            },
            { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
            { type: 'tool_use', id: 'toolu_1', name: 'look', input: { city: 'Paris' } },
            { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: 'sunny' },
            { type: 'tool_result', tool_use_id: 'toolu_2', is_error: true },
            { type: 'text', text: 'And?' },
          ],
        },
      ],
      tools: [
        {
          name: 'look',
          description: 'Looks.',
          input_schema: { type: 'object', properties: {} },
          cache_control: { type: 'ephemeral' },
        },
        { type: 'web_search_20260318', name: 'web_search', max_uses: 2 },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      thinking: { type: 'enabled', budget_tokens: 2048 },
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
      service_tier: 'auto',
      context_management: { edits: [] },
    }
    const built = anthropicMessages.providerSide.buildRequest(
      parseRequest(clientRequest(request)).conversation(),
      callContext(),
    )
    expect(built.body).toEqual({ ...request, model: 'claude-sonnet-4-5' })
    expect(built.dropped).toEqual([])
  })

  it('what has no place there is reported', () => {
    const request = {
      model: 'm',
      max_tokens: 4096,
      messages: [{ role: 'user', content: 'hi' }],
      thinking: { type: 'adaptive', display: 'omitted' },
    }
    const built = anthropicMessages.providerSide.buildRequest(
      parseRequest(clientRequest(request)).conversation(),
      callContext({ model: 'claude-opus-5' }),
    )
    expect(built.body).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
    })
    expect(built.dropped).toEqual(['thinking.display'])
  })

  it('fields and tools of another dialect stay away', () => {
    const conversation = {
      ...parseRequest(
        clientRequest({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] }),
      ).conversation(),
      origin: 'openai-chat',
    }
    const built = anthropicMessages.providerSide.buildRequest(
      {
        ...conversation,
        extensions: { service_tier: 'flex' },
        tools: [{ kind: 'extension', name: 'w', value: { type: 'web_search' } }],
      },
      callContext({ dropUnsupported: true }),
    )
    expect(built.body).not.toHaveProperty('service_tier')
    expect(built.body).not.toHaveProperty('tools')
    expect(built.dropped).toEqual(['tools[0] (the tool type web_search)', 'service_tier'])
  })
})
