import { createGateway } from '@postern/core'
import { handleWeb } from '@postern/core/web'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Chain, CLIENT_KEY, startChain } from './harness/chain.ts'
import { seeError } from './harness/client-stream.ts'
import { listen } from './harness/listen.ts'
import { failOnUncaught } from './harness/uncaught.ts'

failOnUncaught()

const MEBIBYTE = 1024 * 1024

/** Structure that no request has. */
const STRUCTURES: Readonly<Record<string, string>> = {
  'a few brackets': '['.repeat(70) + ']'.repeat(70),
  'brackets of a small body': '['.repeat(20_000) + ']'.repeat(20_000),
  'objects of a small body': '{"a":'.repeat(8_000) + '1' + '}'.repeat(8_000),
  brackets: '['.repeat(MEBIBYTE) + ']'.repeat(MEBIBYTE),
  'empty objects': `[${'{},'.repeat(200_000)}{}]`,
  fields: `{${'"a":1,'.repeat(200_000)}"a":1}`,
  numbers: `[${'1,'.repeat(1_100_000)}1]`,
  'one number': '1'.repeat(MEBIBYTE),
  newlines: '\n'.repeat(MEBIBYTE) + '1',
  'a name': `{"${'n'.repeat(MEBIBYTE)}":1}`,
}

/** A body of each API, as text up to its last field. */
const BODIES: Readonly<Record<string, string>> = {
  '/v1/chat/completions': '{"model":"chain","messages":[{"role":"user","content":"hi"}]',
  '/v1/messages': '{"model":"chain","max_tokens":9,"messages":[{"role":"user","content":"hi"}]',
  '/v1/messages/count_tokens': '{"model":"chain","messages":[{"role":"user","content":"hi"}]',
  '/v1/responses': '{"model":"chain","store":false,"input":"hi"',
  '/v1beta/models/chain:generateContent': '{"contents":[{"role":"user","parts":[{"text":"hi"}]}]',
  '/v1/embeddings': '{"model":"chain","input":"hi"',
  '/v1/completions': '{"model":"chain","prompt":"hi"',
  '/v1/rerank': '{"model":"chain","query":"hi","documents":["a"]',
}

describe.each(Object.entries(BODIES))('a body of %s', (path, open) => {
  let chain: Chain
  beforeAll(async () => {
    chain = await startChain({ dialects: ['openai-chat', 'anthropic-messages'] })
  })
  afterAll(() => chain.close())
  beforeEach(() => chain.reset())

  const post = (body: string): Promise<Response> =>
    chain.send(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })

  it.each(Object.entries(STRUCTURES))(
    'with too much structure is refused before a provider is called: %s',
    async (_what, structure) => {
      const response = await post(`${open},"x":${structure}}`)
      expect([response.status, (await response.text()).includes('The JSON ')]).toEqual([400, true])
      expect(chain.calls()).toEqual([0, 0])
    },
  )

  it('with a thousand fields too many is refused', async () => {
    const response = await post(
      `${open}${Array.from({ length: 1000 }, (_, at) => `,"k${at}":1`).join('')}}`,
    )
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining('fields; the limit is 1000'),
    ])
  })

  it('that is large and no JSON names the place', async () => {
    const text = `${open},"x":"${'y'.repeat(200_000)}","z":[1 2]}`
    const response = await post(text)
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining(`unexpected byte 0x32 at byte ${text.length - 3}`),
    ])
  })
})

it('a value of the host\u2019s own parser is bounded as well', async () => {
  const gateway = createGateway(
    {
      providers: { openai: { apiKey: 'the-key-of-the-provider' } },
      keys: { client: CLIENT_KEY },
      log: 'silent',
    },
    { environment: {} },
  )
  const deep: Record<string, unknown> = {}
  let last = deep
  for (let at = 0; at < 100_000; at++) last = last['a'] = {}
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  for (const x of [
    deep,
    circular,
    Array.from({ length: 200_000 }, () => ({})),
    { a: 5n },
    Array.from({ length: 1_100_000 }, () => 1),
  ]) {
    const request = new Request('http://host/v1/chat/completions', {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${CLIENT_KEY}` },
    })
    await request.text()
    const response = await handleWeb(gateway, request, {
      parsedBody: { model: 'openai/m', messages: [{ role: 'user', content: 'hi' }], x },
    })
    expect(response?.status).toBe(400)
  }
  await gateway.close({ graceMs: 0 })
})

it('arguments of a tool call that are nested without end are text, not a fault of the gateway', async () => {
  const chain = await startChain({ dialects: ['anthropic-messages'] })
  const call = {
    id: 'c1',
    type: 'function',
    function: { name: 'f', arguments: `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}` },
  }
  const response = await chain.ask({
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: 'ok' },
    ],
  })
  expect(response.status).toBeLessThan(500)
  await chain.close()
})

const chatAnswer = (x: string): string =>
  `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"first"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2},"x":${x}}`
const chatEvents = (x: string): string =>
  `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"first"},"finish_reason":null}],"x":${x}}\n\ndata: [DONE]\n\n`

describe.each([true, false])(
  'an answer of a provider with too much structure (stream: %s)',
  (stream) => {
    it.each(
      Object.entries(STRUCTURES).filter(
        ([name]) => !['numbers', 'newlines', 'a few brackets'].includes(name),
      ),
    )('fails over: %s', async (_what, structure) => {
      const upstream = await listen((request, response) => {
        request.resume()
        response
          .writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' })
          .end(stream ? chatEvents(structure) : chatAnswer(structure))
      })
      const chain = await startChain({ addresses: { first: upstream.url } })
      chain.provider('second').reply({ answer: { text: ['from the second'] } })
      const response = await chain.ask({ stream })
      expect([response.status, await response.text()]).toEqual([
        200,
        expect.stringContaining('from the second'),
      ])
      expect(chain.records[0]?.attempts).toMatchObject([
        { code: 'upstream_invalid' },
        { code: 'ok' },
      ])
      await chain.close()
      await upstream.close()
    })
  },
)

it('large bodies pass byte for byte, and translated with all they say', async () => {
  const chain = await startChain({ dialects: ['openai-chat', 'anthropic-messages'] })
  const url = `data:image/png;base64,${'iVBORw0KGgoAAAANSUhEUg=='.repeat(100_000)}`
  const body = (model: string): string =>
    JSON.stringify(
      {
        model,
        n: 1,
        messages: [
          ...Array.from({ length: 2000 }, (_, at) => ({
            role: at % 2 === 0 ? 'user' : 'assistant',
            content: `turn ${at} \u00e9\n`,
          })),
          { role: 'user', content: [{ type: 'image_url', image_url: { url } }] },
        ],
      },
      undefined,
      1,
    )
  const sent = async (model: string): Promise<string> => {
    const response = await chain.send('/v1/chat/completions', { method: 'POST', body: body(model) })
    expect(response.status).toBe(200)
    return response.text()
  }
  await sent('first/model-of-first')
  expect(chain.provider('first').journal.last()?.bodyText === body('model-of-first')).toBe(true)
  await sent('second/model-of-second')
  const { messages } = JSON.parse(chain.provider('second').journal.last()?.bodyText ?? '') as {
    messages: { content: { source?: { data: string } }[] }[]
  }
  expect(messages.length).toBe(2001)
  expect(messages.at(-1)?.content.at(-1)?.source?.data === url.slice(url.indexOf(',') + 1)).toBe(
    true,
  )
  await chain.close()
})

it('an error of a large answer body is still the provider\u2019s', async () => {
  const upstream = await listen((request, response) => {
    request.resume()
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(`{"error":{"message":"busy","code":503},"pad":"${'x'.repeat(MEBIBYTE)}"}`)
  })
  const chain = await startChain({
    addresses: { first: upstream.url },
    dialects: ['openai-chat'],
    route: { retries: 0 },
  })
  const response = await chain.ask({})
  expect([response.status >= 500, (await seeError(response)).message]).toEqual([
    true,
    expect.stringContaining('busy'),
  ])
  await chain.close()
  await upstream.close()
})
