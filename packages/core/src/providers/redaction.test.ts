import { describe, expect, it } from 'vitest'
import { encodeException } from '../dialects/bedrock-converse/from-provider/frames.fake.ts'
import { FakeTransport, type Reply } from '../dispatch/transport.fake.ts'
import type { Transport } from '../dispatch/index.ts'
import { createGateway } from '../gateway/create-gateway.ts'
import { dialectNames } from './index.ts'
import { LEAKY_KEY, reveals, spellings } from './secret-spellings.fake.ts'

const MODEL = 'acme/model-1'
const messages = [{ role: 'user', content: 'hi' }]

/** A request of each client API, whole and streamed. */
const clients: Readonly<
  Record<string, { readonly path: string; readonly streamPath?: string; readonly body: object }>
> = {
  'openai-chat': { path: '/v1/chat/completions', body: { model: MODEL, messages } },
  'openai-responses': { path: '/v1/responses', body: { model: MODEL, input: 'hi' } },
  'anthropic-messages': { path: '/v1/messages', body: { model: MODEL, max_tokens: 9, messages } },
  gemini: {
    path: `/v1beta/models/${MODEL}:generateContent`,
    streamPath: `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`,
    body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  },
  embeddings: { path: '/v1/embeddings', body: { model: MODEL, input: 'hi' } },
  rerank: { path: '/v1/rerank', body: { model: MODEL, query: 'hi', documents: ['ho'] } },
  speech: { path: '/v1/audio/speech', body: { model: MODEL, input: 'hi', voice: 'v' } },
  completions: { path: '/v1/completions', body: { model: MODEL, prompt: 'hi' } },
  native: { path: '/providers/acme/things', body: {} },
}

/** Every place in which a service of any dialect says something of an error. */
const places: Readonly<Record<string, (text: string) => object>> = {
  'error.message': (text) => ({ error: { message: text, type: 'bad' } }),
  'error.code': (text) => ({ error: { message: 'no', code: text } }),
  'error.type': (text) => ({ error: { message: 'no', type: text } }),
  'error.param': (text) => ({ error: { message: 'no', param: text, code: 'bad' } }),
  'error.status': (text) => ({ error: { message: 'no', status: text } }),
  'error.details': (text) => ({
    error: {
      message: 'no',
      code: 400,
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: text,
          metadata: { a: text },
          fieldViolations: [{ field: text, description: text }],
        },
      ],
    },
  }),
  'error.metadata.raw': (text) => ({
    error: {
      message: 'no',
      metadata: { raw: JSON.stringify({ error: { message: text, code: text } }) },
    },
  }),
  error: (text) => ({ error: text, code: text, type: text, param: text }),
  message: (text) => ({ message: text, type: text, __type: text, code: text }),
  detail: (text) => ({ detail: [{ loc: ['body', text], msg: text, type: text }] }),
  'a long message': (text) => ({
    error: { message: `${'word '.repeat(110)}${text} ${'word '.repeat(50)}`, code: 'bad' },
    message: `${'word '.repeat(117)}${text}`,
  }),
  everywhere: (text) => ({
    type: 'error',
    error: { type: text, message: text, code: text, param: text, status: text },
    message: text,
    __type: text,
    code: text,
    param: text,
    detail: text,
    request_id: text,
    id: text,
  }),
}

/** The spelling as it stands in JSON: an escape there is one of JSON's own. */
function bodyOf(place: (text: string) => object, name: string): string {
  const spelled = spellings[name]?.(LEAKY_KEY) ?? ''
  const isJsonEscape = name.includes('escaped for JSON') || name.toLowerCase().startsWith('\\u')
  return isJsonEscape
    ? JSON.stringify(place('@@')).replaceAll('@@', spelled)
    : JSON.stringify(place(spelled))
}

/** In which of its answers a provider tells of an error. */
const answers: Readonly<Record<string, (text: string) => Reply>> = {
  'a refusal': (text) => ({
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: [text],
  }),
  'an overload': (text) => ({
    status: 503,
    headers: { 'content-type': 'application/json' },
    body: [text],
  }),
  'a refusal in plain text': (text) => ({
    status: 400,
    headers: { 'content-type': 'text/plain' },
    body: [`no: ${text}`],
  }),
  'a 200': (text) => ({ headers: { 'content-type': 'application/json' }, body: [text] }),
}

const streams: Readonly<Record<string, (text: string) => Reply>> = {
  'the first event': (text) => ({
    headers: { 'content-type': 'text/event-stream' },
    body: [`event: error\ndata: ${text}\n\n`],
  }),
  'a later event': (text) => ({
    headers: { 'content-type': 'text/event-stream' },
    body: [...beginnings, `event: error\ndata: ${text}\n\n`],
  }),
  'an exception': (text) => ({
    headers: { 'content-type': 'application/vnd.amazon.eventstream' },
    body: [encodeException('validationException', JSON.parse(text) as never)],
  }),
}

/** Of one dialect each: the others pass them over. */
const beginnings = [
  'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"ho"}}]}\n\n',
  'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"ho"}]}}]}\n\n',
]

/**
 * A gateway in front of a provider of that dialect, and everything that one call of it reveals.
 */
function listener(dialect: string): {
  tell(reply: Reply, client: string, stream?: boolean): Promise<string>
  close(): Promise<void>
} {
  let logged: unknown[] = []
  let next: Reply = {}
  const log = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [
      level,
      (...parts: unknown[]) => void logged.push(parts),
    ]),
  )
  const transport: Transport = {
    send: (request) => new FakeTransport([next]).send(request),
    close: () => Promise.resolve(),
  }
  const gateway = createGateway(
    {
      providers: {
        acme: { baseUrl: 'http://acme.test/v1', apiKey: LEAKY_KEY, dialect: dialect as never },
      },
      auth: 'none',
      retries: 0,
      circuitBreaker: 'off',
      log: log as never,
      onRecord: (record) => void logged.push(record),
    },
    { transport, environment: {} },
  )
  return {
    async tell(reply, client, stream = false) {
      logged = []
      next = reply
      const { path, streamPath, body } = clients[client] ?? { path: '', body: {} }
      const response = await gateway.fetch(`http://llm${stream ? (streamPath ?? path) : path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(stream && streamPath === undefined ? { ...body, stream: true } : body),
      })
      const text = await response.text().catch(String)
      return (
        JSON.stringify([...response.headers, ...logged.map((entry) => JSON.stringify(entry))]) +
        text
      )
    },
    close: () => gateway.close(),
  }
}

const chats = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini']
/** Forwarded endpoints reach providers of the same API only. */
const forwarded = {
  embeddings: 'openai-chat',
  rerank: 'cohere',
  speech: 'openai-chat',
  completions: 'openai-chat',
  native: 'gemini',
} as const
const pairs = [
  ...chats.flatMap((client) => dialectNames.map((dialect) => [client, dialect] as const)),
  ...Object.entries(forwarded),
]

describe('our key in an error of the provider', () => {
  it('is looked for in every API of ours', () => {
    expect(
      pairs.map(([client]) => client).filter((client, at, all) => all.indexOf(client) === at),
    ).toEqual(Object.keys(clients))
  })

  it.each(pairs)(
    'appears in no answer of %s from %s, wherever and however it is written',
    async (client, dialect) => {
      const told: string[] = []
      const { tell, close } = listener(dialect)
      const tried = [
        ...Object.keys(places).map((place) => [place, 'verbatim', 'a refusal'] as const),
        ...Object.keys(spellings).map((spelling) => ['everywhere', spelling, 'a refusal'] as const),
        ...(chats.includes(client)
          ? [...Object.keys(answers), ...Object.keys(streams)]
          : Object.keys(answers).filter((where) => where !== 'a 200')
        ).flatMap((where) =>
          ['verbatim', '\\u-escaped', 'base64'].map(
            (spelling) => ['everywhere', spelling, where] as const,
          ),
        ),
      ]
      for (const [place, spelling, where] of tried) {
        const reply = { ...answers, ...streams }[where]?.(
          bodyOf(places[place] ?? (() => ({})), spelling),
        )
        const all = await tell(reply ?? {}, client, where in streams)
        if (reveals(all)) told.push(`${where}, ${place}, ${spelling}: ${all}`)
      }
      await close()
      expect(told).toEqual([])
    },
  )

  it.each(['native', 'speech'])('appears in no header that %s passes on', async (client) => {
    const { tell, close } = listener('openai-chat')
    for (const [spelling, spell] of Object.entries(spellings)) {
      for (const status of [200, 400]) {
        const value = `attachment; filename="${spell(LEAKY_KEY).replaceAll('\n', '')}"`
        const names = [
          'content-disposition',
          'content-language',
          'etag',
          'last-modified',
          'retry-after',
          'x-should-retry',
          'x-request-id',
          'www-authenticate',
          'set-cookie',
        ]
        const headers = {
          'content-type': `text/plain; x=${value}`,
          ...Object.fromEntries(names.map((name) => [name, value])),
        }
        const all = await tell({ status, headers, body: ['x'] }, client)
        expect([spelling, status, reveals(all) ? all : '']).toEqual([spelling, status, ''])
      }
    }
    await close()
  })
})
