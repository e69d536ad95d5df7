import { createGateway, type Gateway } from '@postern/core'
import {
  CONFORMANCE_KEY,
  type DialectName,
  type FakeProvider,
  startFakeProvider,
} from '@postern/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { withCase } from '../harness/shared-cases.ts'

type Json = Record<string, unknown>

const others = [
  'openai-chat',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere',
] as const satisfies readonly DialectName[]
const providers = new Map<DialectName, FakeProvider>()
let gateway: Gateway | undefined

beforeAll(async () => {
  for (const dialect of [...others, 'openai-responses'] as const)
    providers.set(dialect, await startFakeProvider({ dialect, validate: false }))
})
afterEach(() => gateway?.close({ graceMs: 0 }))
afterAll(async () => {
  for (const provider of providers.values()) await provider.close()
})

const fake = (dialect: DialectName): FakeProvider => providers.get(dialect) ?? expect.fail(dialect)

async function ask(
  dialect: DialectName,
  body: Json,
  unsupported: 'reject' | 'drop' = 'reject',
): Promise<Response> {
  await gateway?.close({ graceMs: 0 })
  gateway = createGateway(
    {
      providers: {
        other: { baseUrl: fake(dialect).url, apiKey: 'canary', dialect, alsoSpeaks: [] },
      },
      routes: { main: { targets: ['other/m'], unsupported } },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    } as never,
    { environment: {} },
  )
  return gateway.fetch(
    new Request('http://gateway/v1/responses', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CONFORMANCE_KEY}` },
      body: JSON.stringify({ ...body, model: 'main' }),
    }),
  )
}

/**
 * The items of a whole answer or of a stream's last state, after what its events said agrees with
 * them.
 */
async function callsOf(response: Response, isStream: boolean): Promise<Json[]> {
  const text = await response.text()
  expect(response.status, text).toBe(200)
  const isCall = ({ type }: Json): boolean =>
    type === 'function_call' || type === 'custom_tool_call'
  if (!isStream) return (JSON.parse(text) as { output: Json[] }).output.filter(isCall)
  const events = text
    .split('\n')
    .flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6)) as Json] : []))
  const ended = events.flatMap(({ type, item }) =>
    type === 'response.output_item.done' && isCall(item as Json) ? [item as Json] : [],
  )
  const added = events.flatMap(({ type, item }) =>
    type === 'response.output_item.added' && isCall(item as Json) ? [item as Json] : [],
  )
  expect(added.map(({ name, namespace }) => [name, namespace])).toEqual(
    ended.map(({ name, namespace }) => [name, namespace]),
  )
  return ended
}

const parameters = { type: 'object', properties: { q: { type: 'string' } } }
const tool = (name: string): Json => ({
  type: 'function',
  name,
  description: `does ${name}`,
  parameters,
})
/**
 * Two pairs whose plain join is one name, one that a tool outside has already, and one that no
 * target takes as long as it is.
 */
const offered: Json = {
  tools: [
    tool('look'),
    tool('crm__look'),
    {
      type: 'namespace',
      name: 'crm',
      description: 'Customers.',
      tools: [tool('look'), { type: 'custom', name: 'note', description: 'free text' }],
    },
    { type: 'namespace', name: 'a__b', tools: [tool('c')] },
    { type: 'namespace', name: 'a', tools: [tool('b__c'), tool('x'.repeat(60))] },
  ],
}
const names: readonly { readonly name: string; readonly namespace?: string }[] = [
  { name: 'look' },
  { name: 'crm__look' },
  { name: 'look', namespace: 'crm' },
  { name: 'note', namespace: 'crm' },
  { name: 'c', namespace: 'a__b' },
  { name: 'b__c', namespace: 'a' },
  { name: 'x'.repeat(60), namespace: 'a' },
  { name: 'search', namespace: 'docs' },
]
const input: Json[] = [
  {
    type: 'additional_tools',
    role: 'developer',
    tools: [{ type: 'namespace', name: 'docs', tools: [tool('search')] }, tool('look')],
  },
  { role: 'user', content: 'look' },
  ...names.flatMap(({ name, namespace }, at): Json[] => {
    const call = { call_id: `call_${at}`, name, ...(namespace === undefined ? {} : { namespace }) }
    return [
      name === 'note'
        ? { type: 'custom_tool_call', ...call, input: 'text' }
        : { type: 'function_call', ...call, arguments: '{"q":"1"}' },
    ]
  }),
  ...names.map(({ name }, at): Json => ({
    type: name === 'note' ? 'custom_tool_call_output' : 'function_call_output',
    call_id: `call_${at}`,
    output: 'seen',
  })),
]

/** Every string under a `name`, by where in the request it stands. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([field, inner]) =>
    field === 'name' && typeof inner === 'string'
      ? [inner]
      : field === 'parameters'
        ? []
        : namesIn(inner),
  )
}

function offeredTo(dialect: DialectName, body: Json): string[] {
  return namesIn(dialect === 'bedrock-converse' ? (body.toolConfig as Json).tools : body.tools)
}

describe.each(others)('tools in namespaces for %s', (dialect) => {
  it.each([false, true])(
    'are called, remembered and answered by one name each (stream: %s)',
    async (stream) => {
      const provider = fake(dialect)
      provider.reply({ answer: { text: 'ok' } })
      await ask(dialect, { ...offered, input, stream }).then((response) => response.text())
      const body = provider.journal.last().body as Json
      const wire = offeredTo(dialect, body)
      expect(new Set(wire).size).toBe(names.length)
      expect(wire.slice(0, 2)).toEqual(['look', 'crm__look'])
      expect(wire).toContain('docs__search')
      expect(JSON.stringify(body)).toContain('Customers.')
      // Calls of the history have the names that are offered, each once.
      const history = namesIn(body.messages ?? body.contents).filter((name) => wire.includes(name))
      expect(new Set(history)).toEqual(new Set(wire))

      provider.reply({
        answer: {
          toolCalls: wire.map((name, at) => ({
            id: `c${at}`,
            name,
            arguments: { q: String(at), input: 'free' },
          })),
        },
      })
      const calls = await callsOf(await ask(dialect, { ...offered, input, stream }), stream)
      expect(
        calls.map(({ name, namespace }) => ({
          name,
          ...(namespace === undefined ? {} : { namespace }),
        })),
      ).toEqual(names)
      expect(
        calls.filter(({ type }) => type === 'custom_tool_call').map(({ name }) => name),
      ).toEqual(['note'])
      // The same request gives the same names.
      expect(offeredTo(dialect, provider.journal.last().body as Json)).toEqual(wire)
    },
  )

  it.each<[string, unknown]>([
    ['one of its tools', { type: 'function', name: 'look', namespace: 'crm' }],
    [
      'all of its tools',
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [{ type: 'function', name: 'look', namespace: 'crm' }],
      },
    ],
  ])('can be chosen: %s', async (_which, choice) => {
    if (dialect === 'cohere') return
    const provider = fake(dialect)
    provider.reply({ answer: { text: 'ok' } })
    const response = await ask(dialect, { ...offered, input, tool_choice: choice })
    expect(response.status, await response.clone().text()).toBe(200)
    const body = provider.journal.last().body as Json
    const wire = offeredTo(dialect, body)
    const flat = wire.find((name) => name.startsWith('crm__look_')) ?? expect.fail()
    const told = JSON.stringify(body.tool_choice ?? body.toolConfig)
    expect(told.includes(JSON.stringify(flat)) || wire.length === 1).toBe(true)
  })
})

it('a namespace is not touched on the way to a provider that speaks Responses', async () => {
  const provider = fake('openai-responses')
  provider.reply({ answer: { text: 'ok' } })
  const response = await ask('openai-responses', { ...offered, input })
  expect(response.status).toBe(200)
  expect((provider.journal.last().body as Json).tools).toEqual(offered.tools)
})

describe('a compaction', () => {
  it(
    'is refused by name where the provider cannot make one, whatever the route lets go',
    withCase('codex-compaction', async (sharedCase) => {
      const request = sharedCase.json('request.json')
      for (const dialect of others) {
        for (const unsupported of ['reject', 'drop'] as const) {
          for (const stream of [false, true]) {
            const before = fake(dialect).journal.length
            const response = await ask(dialect, { ...request, stream }, unsupported)
            expect([dialect, unsupported, response.status]).toEqual([dialect, unsupported, 400])
            expect(await response.json()).toMatchObject({
              error: { code: 'unsupported_content', param: 'input[1]' },
            })
            expect(fake(dialect).journal.length).toBe(before)
          }
        }
      }
    }),
  )

  it('is passed on where it can', async () => {
    const provider = fake('openai-responses')
    provider.reply({ answer: { text: 'ok' } })
    const items = [{ role: 'user', content: 'x' }, { type: 'compaction_trigger' }]
    expect((await ask('openai-responses', { input: items })).status).toBe(200)
    expect((provider.journal.last().body as Json).input).toEqual(items)
  })

  it.each(others)('of another provider follows the rule of the route: %s', async (dialect) => {
    fake(dialect).reply({ answer: { text: 'ok' } })
    const body = {
      input: [
        { type: 'compaction', id: 'cmp_1', encrypted_content: 'sealed' },
        { role: 'user', content: 'go on' },
      ],
    }
    const refused = await ask(dialect, body)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: { code: 'unsupported_content' } })
    const answered = await ask(dialect, body, 'drop')
    expect(answered.status, await answered.clone().text()).toBe(200)
    expect(answered.headers.get('x-postern-dropped')).toBeTruthy()
    expect(JSON.stringify(fake(dialect).journal.last().body)).not.toContain('sealed')
  })
})
