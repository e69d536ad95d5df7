import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { memoryStore, type Store } from '@postern/core'
import { createGate, type DialectName, type Gate } from '@postern/testing'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import {
  CLIENT_KEY,
  type MountedChain,
  type MountedOptions,
  startMountedChain,
} from './harness/chain.ts'
import { seeStream } from './harness/client-stream.ts'

type Limits = NonNullable<MountedOptions['gateway']>['limits']

let chain: MountedChain
afterEach(() => chain.close())

/** Ten tokens each, as estimates go. */
const PIECE = 'forty characters of an endless report... '
const PIECES = 400
const OTHER_KEY = 'pk_other_0123456789abcdef'
/** Headers that belong to one connection only. */
const TRANSPORT = new Set(['host', 'connection', 'content-length', 'transfer-encoding'])
const DAILY: Limits = [{ unit: 'output-tokens', window: 'day', limit: 500 }]

/**
 * A provider that would go on for 4,000 tokens: each event that a client has read lets it say one
 * more.
 */
function endless(): Gate {
  const gate = createGate()
  chain.provider('first').reply({
    answer: {
      text: Array.from({ length: PIECES }, () => PIECE),
      usage: { input: 12, output: 4_000 },
    },
    gate,
  })
  gate.release(4)
  return gate
}

interface Seen {
  readonly text: string
  readonly finish: unknown
  readonly outputTokens?: number | undefined
}

/** Reads a stream as the documentation of each official client says. */
type Client = (baseURL: string, onEvent: () => void) => Promise<Seen>

const clients: Readonly<
  Record<string, { readonly dialect: DialectName; readonly finish: unknown; readonly read: Client }>
> = {
  'chat completions': {
    dialect: 'openai-chat',
    finish: 'length',
    async read(baseURL, onEvent) {
      const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: CLIENT_KEY, maxRetries: 0 })
      const stream = client.chat.completions.stream({
        model: 'chain',
        messages: [{ role: 'user', content: 'Report.' }],
        stream_options: { include_usage: true },
      })
      for await (const _ of stream) onEvent()
      const { choices, usage } = await stream.finalChatCompletion()
      return {
        text: choices[0]?.message.content ?? '',
        finish: choices[0]?.finish_reason,
        outputTokens: usage?.completion_tokens,
      }
    },
  },
  Responses: {
    dialect: 'openai-responses',
    finish: ['incomplete', { reason: 'max_output_tokens' }, 'incomplete'],
    async read(baseURL, onEvent) {
      const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: CLIENT_KEY, maxRetries: 0 })
      const stream = client.responses.stream({ model: 'chain', input: 'Report.' })
      const numbers: number[] = []
      for await (const event of stream) {
        numbers.push((event as { sequence_number: number }).sequence_number)
        onEvent()
      }
      expect(numbers).toEqual(numbers.map((_, at) => at))
      const { status, incomplete_details, output, output_text, usage } =
        await stream.finalResponse()
      return {
        text: output_text,
        finish: [status, incomplete_details, (output[0] as { status?: string }).status],
        outputTokens: usage?.output_tokens,
      }
    },
  },
  Messages: {
    dialect: 'anthropic-messages',
    finish: 'max_tokens',
    async read(baseURL, onEvent) {
      const stream = new Anthropic({ baseURL, apiKey: CLIENT_KEY, maxRetries: 0 }).messages.stream({
        model: 'chain',
        max_tokens: 10_000,
        messages: [{ role: 'user', content: 'Report.' }],
      })
      for await (const _ of stream) onEvent()
      const message = await stream.finalMessage()
      return {
        text: message.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
        finish: message.stop_reason,
        outputTokens: message.usage.output_tokens,
      }
    },
  },
  Gemini: {
    dialect: 'gemini',
    finish: 'MAX_TOKENS',
    async read(baseURL, onEvent) {
      const client = new GoogleGenAI({ apiKey: CLIENT_KEY, httpOptions: { baseUrl: baseURL } })
      const seen: { text: string; finish?: unknown; outputTokens?: number | undefined } = {
        text: '',
      }
      for await (const chunk of await client.models.generateContentStream({
        model: 'chain',
        contents: 'Report.',
      })) {
        seen.text += chunk.text ?? ''
        seen.finish = chunk.candidates?.[0]?.finishReason
        seen.outputTokens = chunk.usageMetadata?.candidatesTokenCount
        onEvent()
      }
      return { finish: undefined, ...seen }
    },
  },
}

/** The same as bytes. */
function rawStream(dialect: DialectName, key: string): Promise<Response> {
  const [path, body] = {
    'openai-chat': [
      '/v1/chat/completions',
      { model: 'chain', stream: true, messages: [{ role: 'user', content: 'Report.' }] },
    ],
    'openai-responses': ['/v1/responses', { model: 'chain', stream: true, input: 'Report.' }],
    'anthropic-messages': [
      '/v1/messages',
      {
        model: 'chain',
        stream: true,
        max_tokens: 10_000,
        messages: [{ role: 'user', content: 'Report.' }],
      },
    ],
    gemini: [
      '/v1beta/models/chain:streamGenerateContent?alt=sse',
      { contents: [{ role: 'user', parts: [{ text: 'Report.' }] }] },
    ],
  }[dialect as 'gemini'] as [string, object]
  return chain.send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  })
}

const dialects: readonly DialectName[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
]
const pairs = Object.keys(clients).flatMap((client) => dialects.map((to) => [client, to] as const))

describe('an answer that goes on when nothing is left of its limit', () => {
  it.each(pairs)(
    '%s ends, of a provider that speaks %s, as one whose bound is reached',
    async (name, to) => {
      const { read, finish } = clients[name] as (typeof clients)[string]
      chain = await startMountedChain('Express', {
        dialects: [to],
        gateway: { keys: { client: CLIENT_KEY }, limits: DAILY },
      })
      const gate = endless()
      const seen = await read(chain.url, () => gate.release())
      expect(seen.finish).toEqual(finish)
      expect(PIECE.repeat(PIECES).startsWith(seen.text)).toBe(true)
      // Only output on its way when the limit was reached goes beyond it.
      expect(seen.text.length / 4).toBeGreaterThan(450)
      expect(seen.text.length / 4).toBeLessThan(650)
      expect((await chain.provider('first').journal.entries[0]?.closed)?.aborted).toBe(true)
      const [record] = chain.records
      expect(record).toMatchObject({
        status: 200,
        code: 'ok',
        degraded: ['output-cut'],
        finishReasons: ['length'],
        usage: { estimated: true },
      })
      // Client, record and counter have the same number.
      if (seen.outputTokens !== undefined && to !== 'gemini')
        expect(seen.outputTokens).toBe(record?.usage?.output)
      // And what was counted keeps the next one out.
      expect([402, 429]).toContain((await chain.ask()).status)
    },
  )

  it('is held up by no limit: its first words are there before the next are said', async () => {
    chain = await startMountedChain('Express', {
      gateway: {
        keys: { client: CLIENT_KEY },
        limits: [...DAILY, { unit: 'tokens', window: 'minute', limit: 100_000 }],
      },
    })
    const gate = createGate()
    chain.provider('first').reply({ answer: { text: ['first ', 'second'] }, gate })
    gate.release()
    const reader = (await chain.ask({ stream: true })).body?.getReader()
    const seen = Buffer.from((await reader?.read())?.value ?? []).toString()
    expect([seen.includes('first '), seen.includes('second')]).toEqual([true, false])
    gate.releaseAll()
    await reader?.cancel()
  })

  it('continues while the budget lasts, reserving more as it runs', async () => {
    chain = await startMountedChain('Express', {
      gateway: {
        keys: { client: CLIENT_KEY },
        limits: [
          { unit: 'usd', window: 'month', limit: 1 },
          { unit: 'tokens', window: 'total', limit: 1_000_000, scope: ['key', 'session'] },
        ],
        prices: { 'first/*': { input: 1, output: 1 }, 'second/*': { input: 1, output: 1 } },
      },
    })
    endless().releaseAll()
    const seen = seeStream(await (await chain.ask({ stream: true })).text())
    expect([seen.text.length, seen.finishes, seen.done]).toEqual([
      PIECES * PIECE.length,
      ['stop'],
      true,
    ])
    expect(chain.records).toMatchObject([{ degraded: [], usage: { output: 4_000 } }])
  })

  it.each<[string, Limits, boolean]>([
    ['a budget in dollars', [{ unit: 'usd', window: 'month', limit: 0.0005 }], true],
    [
      'the tokens of a session',
      [{ unit: 'tokens', window: 'total', limit: 500, scope: ['key', 'session'] }],
      true,
    ],
    ['tokens of the last day', [{ unit: 'tokens', sliding: '24h', limit: 500 }], true],
    [
      'tokens of a minute, which the next one makes up for',
      [{ unit: 'tokens', window: 'minute', limit: 500 }],
      false,
    ],
    ['a soft budget', [{ unit: 'usd', window: 'month', limit: 0.0005, mode: 'soft' }], false],
    ['tokens of input', [{ unit: 'input-tokens', window: 'day', limit: 50 }], false],
  ])('by %s', async (_, limits, isCut) => {
    chain = await startMountedChain('Hono', {
      gateway: {
        keys: { client: CLIENT_KEY },
        limits,
        prices: { 'first/*': { input: 1, output: 1 }, 'second/*': { input: 1, output: 1 } },
      },
    })
    const gate = endless()
    const response = await chain.ask({ stream: true })
    let body = ''
    for await (const chunk of response.body ?? []) {
      body += Buffer.from(chunk as Uint8Array).toString()
      gate.release()
    }
    const { finishes, done } = seeStream(body)
    expect([finishes, done]).toEqual([[isCut ? 'length' : 'stop'], true])
    expect(chain.records[0]?.degraded.includes('output-cut')).toBe(isCut)
  })

  it.each(pairs)(
    '%s, of a provider that speaks %s, is not ended twice when the end is there already',
    async (name, to) => {
      const { dialect } = clients[name] as (typeof clients)[string]
      chain = await startMountedChain('Express', {
        dialects: [to],
        gateway: { keys: { client: CLIENT_KEY, other: OTHER_KEY }, limits: DAILY },
      })
      const provider = chain.provider('first')
      const answer = {
        text: Array.from({ length: 60 }, () => PIECE),
        usage: { input: 12, output: 600 },
      }
      provider.reply({ answer })
      await (await rawStream(dialect, OTHER_KEY)).text()
      // The provider's whole answer, beyond the limit and with its end, arrives in one piece before
      // more is reserved.
      const [asked] = provider.journal.entries
      const whole = await fetch(
        new URL((asked?.path ?? '') + (asked?.search ?? ''), provider.url),
        {
          method: 'POST',
          headers: Object.fromEntries(
            Object.entries(asked?.headers ?? {})
              .filter(([header]) => !TRANSPORT.has(header))
              .map(([header, value]) => [header, String(value)]),
          ),
          body: asked?.bodyText ?? '',
        },
      )
      provider.reply({
        raw: {
          headers: { 'content-type': whole.headers.get('content-type') ?? '' },
          body: [await whole.text()],
        },
      })
      const body = await (await rawStream(dialect, CLIENT_KEY)).text()
      expect(body.split(PIECE.trim()).length).toBeGreaterThan(60)
      const ends = {
        'openai-chat': /\[DONE\]/g,
        'openai-responses': /^event: response\.(?:completed|incomplete)$/gm,
        'anthropic-messages': /^event: message_stop$/gm,
        gemini: /"finishReason"/g,
      }[dialect as 'gemini']
      expect(body.match(ends)).toHaveLength(1)
      expect(chain.records.at(-1)).toMatchObject({
        code: 'ok',
        degraded: [],
        finishReasons: ['stop'],
        usage: { output: 600 },
      })
    },
  )

  it('in the middle of a tool call leaves its arguments as they are, and says why', async () => {
    chain = await startMountedChain('Express', {
      dialects: ['openai-responses'],
      gateway: {
        keys: { client: CLIENT_KEY },
        limits: [{ unit: 'output-tokens', window: 'day', limit: 50 }],
      },
    })
    const gate = createGate()
    chain.provider('first').reply({
      answer: {
        toolCalls: [
          {
            name: 'write',
            arguments: ['{"text":"', ...Array.from({ length: 100 }, () => PIECE), '"}'],
          },
        ],
      },
      gate,
    })
    gate.release(4)
    const stream = new OpenAI({
      baseURL: `${chain.url}/v1`,
      apiKey: CLIENT_KEY,
      maxRetries: 0,
    }).responses.stream({ model: 'chain', input: 'Write.' })
    for await (const _ of stream) gate.release()
    const { status, output } = await stream.finalResponse()
    const [call] = output as { type: string; status: string; arguments: string; name: string }[]
    expect([status, call?.type, call?.name, call?.status]).toEqual([
      'incomplete',
      'function_call',
      'write',
      'incomplete',
    ])
    expect(`{"text":"${PIECE.repeat(100)}`.startsWith(call?.arguments ?? '?')).toBe(true)
    expect(call?.arguments.length).toBeGreaterThan(200)
  })

  it('is read to its end, for what it costs, where the provider charges for all of it', async () => {
    chain = await startMountedChain('Express', {
      dialects: ['openai-chat'],
      quirks: { first: { billsAfterDisconnect: true } },
      gateway: { keys: { client: CLIENT_KEY }, limits: DAILY },
    })
    const gate = endless()
    const response = await chain.ask({ stream: true })
    let body = ''
    for await (const chunk of response.body ?? []) {
      body += Buffer.from(chunk as Uint8Array).toString()
      if (!body.includes('[DONE]')) gate.release()
    }
    // The client has its end, and the provider is not done.
    expect([seeStream(body).finishes, chain.records.length]).toEqual([['length'], 0])
    gate.releaseAll()
    await chain.provider('first').journal.entries[0]?.closed
    await expect
      .poll(() => chain.records, { timeout: 5_000 })
      .toMatchObject([{ degraded: ['output-cut'], usage: { output: 4_000 } }])
    expect(chain.records[0]?.usage).not.toHaveProperty('estimated')
  })

  it('ends at what was left when the store last answered, where the store does not answer any more', async () => {
    const { limitStore } = memoryStore(() => Date.now())
    let reservations = 0
    const store: Store = {
      name: 'own',
      isShared: false,
      limitStore: {
        reserve: (request) =>
          (reservations += 1) === 1
            ? limitStore.reserve(request)
            : Promise.reject(new Error('away')),
        settle: (reservation, actuals) => limitStore.settle(reservation, actuals),
        read: (charges) => limitStore.read(charges),
        reset: (charges) => limitStore.reset(charges),
      },
      close: () => Promise.resolve(),
    }
    chain = await startMountedChain('Express', {
      gateway: {
        keys: { client: CLIENT_KEY },
        limits: [{ unit: 'output-tokens', window: 'day', limit: 3_000 }],
        store,
      },
    })
    const gate = endless()
    const response = await chain.ask({ stream: true })
    let body = ''
    for await (const chunk of response.body ?? []) {
      body += Buffer.from(chunk as Uint8Array).toString()
      gate.release()
    }
    const seen = seeStream(body)
    expect([seen.finishes, seen.done, reservations > 1]).toEqual([['length'], true, true])
    expect(chain.records[0]?.degraded.toSorted()).toEqual(['output-cut', 'store'])
    expect(seen.text.length / 4).toBeGreaterThan(1_800)
    expect(seen.text.length / 4).toBeLessThan(3_200)
  })

  it('leaves the end to the provider where the request sets a bound that there is room for', async () => {
    chain = await startMountedChain('Koa', {
      gateway: {
        keys: { client: CLIENT_KEY },
        limits: [{ unit: 'output-tokens', window: 'day', limit: 5_000 }],
      },
    })
    endless().releaseAll()
    const seen = seeStream(await (await chain.ask({ stream: true, max_tokens: 4_500 })).text())
    expect([seen.finishes, seen.done, chain.records[0]?.degraded]).toEqual([['stop'], true, []])
  })

  it('lets many at once have no more than the limit together, as far as tokens can be counted under way', async () => {
    chain = await startMountedChain('Express', {
      gateway: {
        keys: { client: CLIENT_KEY },
        limits: [{ unit: 'output-tokens', window: 'day', limit: 6_000 }],
      },
    })
    const gates = Array.from({ length: 5 }, () => createGate())
    chain.provider('first').reply(({ entry }) => {
      const [message] = (entry.body as { messages: { content: string }[] }).messages
      const gate = gates[Number(message?.content)] as Gate
      gate.release(4)
      return {
        answer: {
          text: Array.from({ length: PIECES }, () => PIECE),
          usage: { input: 12, output: 4_000 },
        },
        gate,
      }
    })
    const texts = await Promise.all(
      gates.map(async (gate, at) => {
        const answer = await chain.ask({
          stream: true,
          messages: [{ role: 'user', content: String(at) }],
        })
        let body = ''
        for await (const chunk of answer.body ?? []) {
          body += Buffer.from(chunk as Uint8Array).toString()
          gate.release()
        }
        return seeStream(body)
      }),
    )
    expect(texts.every(({ done }) => done)).toBe(true)
    const used = chain.records.reduce((sum, { usage }) => sum + (usage?.output ?? 0), 0)
    expect(used).toBeGreaterThan(5_000)
    expect(used).toBeLessThan(6_500)
  })
})
