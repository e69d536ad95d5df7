import { createGateway, type Gateway } from '@postern/core'
import {
  CONFORMANCE_KEY,
  type DialectName,
  type FakeProvider,
  startFakeProvider,
} from '@postern/testing'
import { afterEach, describe, expect, it } from 'vitest'

type Json = Record<string, unknown>

let provider: FakeProvider | undefined
let gateway: Gateway | undefined
afterEach(async () => {
  await gateway?.close({ graceMs: 0 })
  await provider?.close()
})

const requests = {
  chat: { path: '/v1/chat/completions', body: { messages: [{ role: 'user', content: 'x' }] } },
  responses: { path: '/v1/responses', body: { input: 'x' } },
  anthropic: {
    path: '/v1/messages',
    body: { max_tokens: 10, messages: [{ role: 'user', content: 'x' }] },
  },
  gemini: {
    path: '/v1beta/models/other/m:generateContent',
    body: { contents: [{ role: 'user', parts: [{ text: 'x' }] }] },
  },
} as const

async function ask(
  api: keyof typeof requests,
  dialect: DialectName,
  reply: Json,
  isStream = false,
): Promise<{ text: string; dropped: string | null }> {
  provider = await startFakeProvider({ dialect, validate: false })
  const body = isStream ? `data: ${JSON.stringify(reply)}\n\n` : JSON.stringify(reply)
  provider.reply({
    replay: {
      name: 'held',
      dialect,
      isStream,
      status: 200,
      headers: { 'content-type': isStream ? 'text/event-stream' : 'application/json' },
      body: Buffer.from(body),
    } as never,
  })
  gateway = createGateway(
    {
      providers: { other: { baseUrl: provider.url, apiKey: 'canary', dialect, alsoSpeaks: [] } },
      keys: { team: CONFORMANCE_KEY },
      log: 'silent',
      retries: 0,
    } as never,
    { environment: {} },
  )
  const { path, body: request } = requests[api]
  const address =
    api === 'gemini' && isStream
      ? `${path.replace(':generateContent', ':streamGenerateContent')}?alt=sse`
      : path
  const sent =
    api === 'gemini' ? request : { ...request, model: 'other/m', ...(isStream && { stream: true }) }
  const response = await gateway.fetch(
    new Request(`http://gateway${address}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CONFORMANCE_KEY}` },
      body: JSON.stringify(sent),
    }),
  )
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return { text, dropped: response.headers.get('x-postern-dropped') }
}

const candidate = (...parts: Json[]): Json => ({
  candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }],
})
const PICTURE = 'cGljdHVyZQ=='
const SPEECH = 'c3BlZWNo'
const picture = candidate(
  { text: 'here' },
  { inlineData: { mimeType: 'image/png', data: PICTURE } },
)
const speech = candidate({ inlineData: { mimeType: 'audio/wav', data: SPEECH } })
const generated: Json = {
  id: 'r',
  object: 'response',
  status: 'completed',
  model: 'm',
  output: [
    {
      type: 'image_generation_call',
      id: 'ig_1',
      status: 'completed',
      result: PICTURE,
      output_format: 'webp',
    },
  ],
}

describe('content that an answer can hold is handed on, and what it cannot is named', () => {
  it.each<[keyof typeof requests, DialectName, string, Json, string | undefined]>([
    ['chat', 'gemini', 'a picture', picture, `data:image/png;base64,${PICTURE}`],
    ['responses', 'gemini', 'a picture', picture, PICTURE],
    ['anthropic', 'gemini', 'a picture', picture, undefined],
    ['gemini', 'gemini', 'a picture', picture, PICTURE],
    ['chat', 'gemini', 'speech', speech, SPEECH],
    ['responses', 'gemini', 'speech', speech, undefined],
    ['anthropic', 'gemini', 'speech', speech, undefined],
    [
      'chat',
      'openai-responses',
      'a generated picture',
      generated,
      `data:image/webp;base64,${PICTURE}`,
    ],
    ['gemini', 'openai-responses', 'a generated picture', generated, PICTURE],
    ['anthropic', 'openai-responses', 'a generated picture', generated, undefined],
    ['responses', 'openai-responses', 'a generated picture', generated, PICTURE],
  ])('%s of %s: %s', async (api, dialect, _what, reply, expected) => {
    const { text, dropped } = await ask(api, dialect, reply)
    if (expected === undefined) expect(dropped).toMatch(/answer\.(?:image|audio)/)
    else expect([text.includes(expected), dropped]).toEqual([true, null])
  })
})

describe('a refusal', () => {
  const silent: Json = {
    candidates: [
      {
        content: { role: 'model', parts: [{ text: 'so' }] },
        finishReason: 'SAFETY',
        finishMessage: 'SAFETY',
      },
    ],
  }
  const spoken: Json = {
    candidates: [
      {
        content: { role: 'model', parts: [{ text: 'so' }] },
        finishReason: 'SAFETY',
        finishMessage: 'I cannot help with that.',
      },
    ],
  }
  it.each(
    (['chat', 'responses', 'anthropic'] as const).flatMap((api) => [
      [api, false] as const,
      [api, true] as const,
    ]),
  )('is words or nothing, never a word of the wire: %s, stream %s', async (api, isStream) => {
    const wordless = await ask(api, 'gemini', silent, isStream)
    expect(wordless.text).not.toMatch(/"(?:refusal|explanation)":"SAFETY"/)
    expect(wordless.text).toMatch(/content_filter|refusal/)
    await gateway?.close({ graceMs: 0 })
    await provider?.close()
    expect((await ask(api, 'gemini', spoken, isStream)).text).toContain('I cannot help with that.')
  })
})
