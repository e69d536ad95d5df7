import {
  createGateway,
  type GatewayOptions,
  memoryStore,
  type RequestRecord,
  type Store,
} from '@postern/core'
import {
  createGate,
  type DialectName,
  type FakeProvider,
  type FakeRequest,
  type ScriptedAnswer,
  type ScriptedReply,
  startFakeProvider,
} from '@postern/testing'
import { gateway as mount } from '@postern/express'
import express from 'express'
import { request } from 'node:http'
import { listen } from './listen.ts'

/** How a model works through one answer; times in milliseconds. */
export interface Leaving {
  /** Dialect of the client. */
  readonly from: DialectName
  /** Dialect of its provider. */
  readonly to: DialectName
  readonly stream: boolean
  readonly model: string
  /** Tokens that the model writes without showing them, before the answer. */
  readonly hidden: number
  /** Tokens of the answer; one fragment holds `tokensPerFragment` of them. */
  readonly shown: number
  readonly tokensPerFragment: number
  readonly what: 'text' | 'reasoning' | 'tool arguments' | 'refusal'
  /** How long one fragment takes, and as much for as many hidden tokens. */
  readonly paceMs: number
  /** Share of its tokens after which the client leaves. */
  readonly moment: number
  /** By closing its connection, or by a deadline of its own, which is over at any moment. */
  readonly by: 'hanging up' | 'a deadline'
  /** The bound that the request sets. */
  readonly bound: number | undefined
}

/**
 * Outcome: output tokens that the provider made until it noticed, and tokens that were counted.
 */
export interface Left {
  readonly leaving: Leaving
  readonly billedInput: number
  readonly billed: number
  readonly countedInput: number
  readonly counted: number
  readonly record: RequestRecord | undefined
}

export const CLIENT_DIALECTS = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
] as const
/** Each of them is one token of the usual tokenizers, with the space before it. */
const WORDS = [
  'the',
  'sum',
  'of',
  'it',
  'and',
  'day',
  'may',
  'work',
  'time',
  'hand',
  'part',
  'case',
  '天',
  '人',
  '中',
  '国',
  '年',
  '大',
]
const PROMPT = 'Report on number'
const KEY = 'pk_leaving_0123456789'

interface Run {
  readonly leaving: Leaving
  billed: number
  billedInput: number
  /** Its client has left. */
  hasLeft: boolean
  leave(): void
  readonly done: PromiseWithResolvers<void>
}

/** A host with a gateway, fake providers that bill for what they make, and clients that leave. */
export class LeavingClients {
  readonly #providers: Readonly<Record<string, FakeProvider>>
  readonly #ended = new Map<string, (record: RequestRecord) => void>()
  readonly #running = new Map<number, Run>()
  readonly #settled = new Map<string, number[]>()
  #url = ''
  #close: () => Promise<void> = () => Promise.resolve()
  #next = 0

  private constructor(providers: Readonly<Record<string, FakeProvider>>) {
    this.#providers = providers
  }

  static async start(options: Partial<GatewayOptions<never>> = {}): Promise<LeavingClients> {
    const providers = Object.fromEntries(
      await Promise.all(
        CLIENT_DIALECTS.map(
          async (dialect) =>
            [dialect, await startFakeProvider({ dialect, validate: false })] as const,
        ),
      ),
    )
    const clients = new LeavingClients(providers)
    await clients.#mount(options)
    return clients
  }

  async #mount(options: Partial<GatewayOptions<never>>): Promise<void> {
    for (const provider of Object.values(this.#providers))
      provider.reply((asked) => this.#reply(asked))
    const own = createGateway({
      providers: Object.fromEntries(
        CLIENT_DIALECTS.map((dialect) => [
          dialect,
          { baseUrl: this.#providers[dialect]?.url ?? '', apiKey: 'test', dialect },
        ]),
      ),
      // A nano-dollar is a token of input, a thousand are one of output.
      prices: Object.fromEntries(
        CLIENT_DIALECTS.map((dialect) => [`${dialect}/*`, { input: 0.001, output: 1 }]),
      ),
      keys: { client: KEY },
      limits: [{ unit: 'usd', window: 'month', limit: 1_000_000 }],
      store: this.#watched(),
      circuitBreaker: 'off',
      retries: 0,
      log: 'silent',
      onRecord: (record) => {
        this.#ended.get(record.model ?? '')?.(record)
      },
      ...options,
    })
    const app = express()
    app.use(mount(own))
    const server = await listen(app)
    this.#url = server.url
    this.#close = async () => {
      await server.close()
      await own.close({ graceMs: 0 })
      await Promise.all(Object.values(this.#providers).map((provider) => provider.close()))
    }
  }

  /** A store that tells what was settled, by the id of the request. */
  #watched(): Store {
    const { limitStore, ...store } = memoryStore(Date.now)
    return {
      ...store,
      limitStore: {
        reserve: (asked) => limitStore.reserve(asked),
        settle: (reservation, actuals) => {
          this.#settled.set(reservation.id, [...actuals])
          return limitStore.settle(reservation, actuals)
        },
        read: (charges) => limitStore.read(charges),
        reset: (charges) => limitStore.reset(charges),
      },
    }
  }

  close(): Promise<void> {
    return this.#close()
  }

  /** Sends one request, leaves it, and waits until everything about it is known. */
  async leave(leaving: Leaving): Promise<Left> {
    const number = (this.#next += 1)
    // The model's name tells the records of requests under way apart; its habits go by how it
    // begins.
    const model = `${leaving.to}/${leaving.model}-run-${number}`
    const run: Run = {
      leaving,
      billed: 0,
      billedInput: 0,
      hasLeft: false,
      leave: () => undefined,
      done: Promise.withResolvers<void>(),
    }
    this.#running.set(number, run)
    const { promise: recorded, resolve } = Promise.withResolvers<RequestRecord>()
    this.#ended.set(model, resolve)
    await this.#send(model, number, run)
    const record = await Promise.race([recorded, this.#neverArrived(run)])
    // A request that never reached its provider has no bill.
    if (run.billedInput > 0) await run.done.promise
    this.#running.delete(number)
    this.#ended.delete(model)
    await new Promise((settled) => setImmediate(settled))
    const nano = this.#settled.get(record?.id ?? '')?.[0] ?? 0
    this.#settled.delete(record?.id ?? '')
    return {
      leaving,
      billed: run.billed,
      billedInput: run.billedInput,
      counted: Math.floor(nano / 1_000),
      countedInput: nano % 1_000,
      record,
    }
  }

  /**
   * A client that leaves before its request has arrived has made none. Resolves only where its
   * provider was never asked.
   */
  async #neverArrived(run: { readonly billedInput: number }): Promise<undefined> {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    if (run.billedInput > 0) await new Promise(() => undefined)
  }

  #send(model: string, number: number, run: Run): Promise<void> {
    const { leaving } = run
    const { from, stream, moment, by } = leaving
    const afterMs =
      Math.round(
        (moment * leaving.paceMs * (leaving.shown + leaving.hidden)) / leaving.tokensPerFragment,
      ) + 20
    const [path, body] = requestOf(from, {
      model,
      stream,
      text: `${PROMPT} #${number}#`,
      bound: leaving.bound,
    })
    return new Promise((resolve) => {
      const headers = {
        authorization: `Bearer ${KEY}`,
        'content-type': 'application/json',
        ...(by === 'a deadline' && { 'x-postern-timeout': String(Math.max(1, afterMs)) }),
      }
      const sent = request(
        `${this.#url}${path}`,
        { method: 'POST', headers, agent: false },
        (response) => {
          response.on('error', () => undefined)
          response.on('data', () => undefined)
          response.on('close', () => resolve())
        },
      )
      sent.on('error', () => resolve())
      sent.on('close', () => resolve())
      sent.end(JSON.stringify(body))
      if (by === 'hanging up') run.leave = () => void sent.destroy()
    })
  }

  #reply({ entry }: FakeRequest): ScriptedReply {
    const number = Number(/#(\d+)#/.exec(entry.bodyText)?.[1])
    const run = this.#running.get(number)
    if (run === undefined)
      throw new Error(`No client waits for the answer of ${entry.bodyText.slice(0, 200)}.`)
    const { leaving } = run
    const gate = createGate()
    const fragments = fragmentsOf(leaving)
    run.billedInput = PROMPT.split(' ').length + 3
    void entry.closed.then(() => (run.hasLeft = true))
    const all = leaving.hidden + leaving.shown
    const make = async (tokens: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, leaving.paceMs))
      if (!run.hasLeft) run.billed += tokens
    }
    const work = async (): Promise<void> => {
      if (leaving.moment === 0) run.leave()
      for (let made = 0; made < all && !run.hasLeft;) {
        const isHidden = made < leaving.hidden
        const tokens = Math.min(leaving.tokensPerFragment, (isHidden ? leaving.hidden : all) - made)
        await make(tokens)
        made += tokens
        if (!isHidden && leaving.stream) gate.release()
        if (made >= leaving.moment * all) run.leave()
      }
      gate.releaseAll()
      await entry.closed
      run.done.resolve()
    }
    void work()
    return {
      answer: {
        ...answerOf(leaving, fragments),
        usage: {
          input: run.billedInput,
          output: leaving.hidden + leaving.shown,
          ...(leaving.hidden > 0 && { reasoning: leaving.hidden }),
        },
      },
      gate,
    }
  }
}

function fragmentsOf({ shown, tokensPerFragment }: Leaving): string[] {
  const words = Array.from({ length: shown }, (_, at) => ` ${WORDS[at % WORDS.length] ?? ''}`)
  return Array.from({ length: Math.ceil(shown / tokensPerFragment) }, (_, at) =>
    words.slice(at * tokensPerFragment, (at + 1) * tokensPerFragment).join(''),
  )
}

function answerOf({ what }: Leaving, fragments: readonly string[]): ScriptedAnswer {
  if (what === 'reasoning') return { reasoning: { text: fragments }, text: 'x' }
  if (what === 'tool arguments')
    return {
      toolCalls: [
        {
          name: 'write',
          arguments: fragments.map(
            (text, at) =>
              `${at === 0 ? '{"text":"' : ''}${text}${at === fragments.length - 1 ? '"}' : ''}`,
          ),
        },
      ],
    }
  return { text: fragments }
}

function requestOf(
  from: DialectName,
  {
    model,
    stream,
    text,
    bound,
  }: { model: string; stream: boolean; text: string; bound: number | undefined },
): [string, object] {
  switch (from) {
    case 'openai-responses':
      return [
        '/v1/responses',
        { model, stream, input: text, ...(bound !== undefined && { max_output_tokens: bound }) },
      ]
    case 'anthropic-messages':
      return [
        '/v1/messages',
        { model, stream, max_tokens: bound ?? 4_096, messages: [{ role: 'user', content: text }] },
      ]
    case 'gemini':
      return [
        `/v1beta/models/${model.replace('/', '%2F')}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
        {
          contents: [{ role: 'user', parts: [{ text }] }],
          ...(bound !== undefined && { generationConfig: { maxOutputTokens: bound } }),
        },
      ]
    default:
      return [
        '/v1/chat/completions',
        {
          model,
          stream,
          messages: [{ role: 'user', content: text }],
          ...(bound !== undefined && { max_completion_tokens: bound }),
        },
      ]
  }
}
