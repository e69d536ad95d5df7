import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { checkReply } from './check-reply.ts'
import { type Clock, systemClock } from './clock.ts'
import { anthropicMessages } from './dialects/anthropic-messages.ts'
import { bedrockConverse } from './dialects/bedrock-converse.ts'
import { cohere } from './dialects/cohere.ts'
import type { DialectName, ErrorFacts, FakeDialect, Route, Transport } from './dialects/dialect.ts'
import { gemini } from './dialects/gemini.ts'
import { openaiChat } from './dialects/openai-chat.ts'
import { openaiResponses } from './dialects/openai-responses.ts'
import { Journal, type JournalRecord } from './journal.ts'
import { type JsonObject, parseObject } from './json.ts'
import { planReply } from './plan.ts'
import type { Script, ScriptedReply } from './script.ts'
import { stockScript } from './stock.ts'
import { cutConnection, untilGone, writePlan } from './writer.ts'

export interface FakeProviderOptions {
  /** The wire format the provider speaks. */
  readonly dialect: DialectName
  /** The only key it accepts. @default any key, or none */
  readonly apiKey?: string
  /** Clock for times and waits. @default the real time */
  readonly clock?: Clock
  /** Refuse requests that break the dialect's rules, as the real provider would. @default true */
  readonly validate?: boolean
  /** @default a free one */
  readonly port?: number
}

const dialects: Readonly<Record<DialectName, FakeDialect>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
  'bedrock-converse': bedrockConverse,
  cohere,
}

/** Every wire format a fake provider can speak. */
export const dialectNames = Object.keys(dialects) as readonly DialectName[]

const ORIGIN = 'http://127.0.0.1'
const MAX_BODY_BYTES = 64 * 1024 * 1024

/**
 * Starts a provider on loopback that speaks one dialect, answers by its script, misbehaves on
 * command and keeps the requests it received. Without a script it answers with `stockScript`.
 *
 * ```ts
 * const provider = await startFakeProvider({ dialect: 'anthropic-messages', apiKey: 'test-key' })
 * provider.enqueue({ status: 529 }, { answer: { text: 'Hello' } })
 * // ... point a gateway or an SDK at provider.url ...
 * expect(provider.journal.length).toBe(2)
 * await provider.close()
 * ```
 */
export async function startFakeProvider(options: FakeProviderOptions): Promise<FakeProvider> {
  const dialect = dialects[options.dialect]
  if (dialect === undefined)
    throw new TypeError(
      `Unknown dialect ${String(options.dialect)}. Known: ${Object.keys(dialects).join(', ')}.`,
    )
  const server = createServer({ noDelay: true })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return new FakeProvider(server, dialect, options)
}

/** A running fake provider; made by `startFakeProvider`. */
export class FakeProvider {
  readonly dialect: DialectName
  /**
   * Base URL as clients of this dialect want it: with `/v1` for OpenAI's, the origin for the
   * others.
   */
  readonly url: string
  /** The requests seen. */
  readonly journal: Journal = new Journal()
  /** Models the provider lists. @default fake-small and fake-large */
  models: readonly string[] = ['fake-small', 'fake-large']
  /** Models the provider answers for; others are refused as unknown. @default any */
  knownModels: readonly string[] | undefined
  readonly #server: Server
  readonly #dialect: FakeDialect
  readonly #options: FakeProviderOptions
  readonly #clock: Clock
  #queue: Script[] = []
  #fallback: Script = stockScript
  #sequence = 0
  #isClosing = false

  /** @internal */
  constructor(server: Server, dialect: FakeDialect, options: FakeProviderOptions) {
    this.dialect = dialect.name
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${dialect.basePath}`
    this.#server = server
    this.#dialect = dialect
    this.#options = options
    this.#clock = options.clock ?? systemClock
    server.on('request', (request, response) => void this.#serve(request, response))
  }

  /**
   * Answers every request with this script, once the queue is empty. Throws `TypeError` for a
   * script that cannot work.
   */
  reply(script: Script): void {
    this.#check(script)
    this.#fallback = script
  }

  /**
   * Answers the next requests with these scripts, one each, in order. Throws `TypeError` for a
   * script that cannot work.
   */
  enqueue(...scripts: readonly Script[]): void {
    for (const script of scripts) this.#check(script)
    for (const script of scripts) this.#queue.push(script)
  }

  /** How many scripts of the queue are still to be used. */
  get queued(): number {
    return this.#queue.length
  }

  /** Ends every connection and every wait, and stops listening. Idempotent. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.journal.finish()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #check(script: Script): void {
    if (typeof script !== 'function') checkReply(script, this.dialect)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    response.on('error', () => gone.abort())
    const received = await readBody(request)
    if (received === undefined) return
    const url = URL.parse(request.url ?? '/', ORIGIN) ?? new URL(ORIGIN)
    const entry = this.journal.add({
      method: request.method ?? '',
      path: url.pathname,
      search: url.search,
      headers: request.headers,
      bodyText: received.text,
      body: received.json,
      at: this.#clock.now(),
    })
    const exchange: Exchange = { request, response, url, entry, signal: gone.signal, isCut: false }
    try {
      await this.#answer(exchange, received)
    } catch (error) {
      this.#failScript(exchange, error)
    }
    if (!response.writableFinished) await untilGone(gone.signal)
    const isOurs = response.writableFinished || exchange.isCut || this.#isClosing
    entry.close({ atMs: this.#clock.now(), aborted: !isOurs })
  }

  async #answer(exchange: Exchange, received: ReceivedBody): Promise<void> {
    const { request, url, entry } = exchange
    const dialect = this.#dialect
    const requestId = `req_${entry.index + 1}`
    const key = dialect.keyOf(request.headers, url)
    if (this.#options.apiKey !== undefined && key !== this.#options.apiKey)
      return this.#refuse(exchange, dialect.keyError(key, requestId))
    const route = dialect.route(entry.method, url)
    if (route === undefined) return this.#refuse(exchange, { status: 404, requestId })
    if (route.operation === 'models')
      return sendJson(exchange, 200, {
        dialect,
        json: dialect.renderModels(this.models),
        requestId,
      })
    if (received.isTooLarge) return this.#refuse(exchange, { status: 413, requestId })
    if (received.json === undefined) {
      return this.#refuse(exchange, {
        status: 400,
        message: 'We could not parse the JSON body of your request.',
        requestId,
      })
    }
    const view = dialect.read(received.json, route)
    if (this.knownModels !== undefined && !this.knownModels.includes(view.model))
      return this.#refuse(exchange, dialect.unknownModel(view.model, requestId))
    const violation =
      this.#options.validate === false
        ? undefined
        : dialect.validate({ body: received.json, model: view.model, headers: request.headers })
    if (violation !== undefined)
      return this.#refuse(exchange, { status: 400, requestId, ...violation })
    const script = this.#queue.shift() ?? this.#fallback
    const reply =
      typeof script === 'function' ? await script({ dialect: dialect.name, entry, view }) : script
    checkReply(reply, dialect.name)
    await this.#send(exchange, reply, {
      route,
      body: received.json,
      model: view.model,
      isStream: view.stream,
    })
  }

  async #send(exchange: Exchange, reply: ScriptedReply, asked: Asked): Promise<void> {
    const { response, signal, entry } = exchange
    if (reply.hangBeforeHeaders === true) return untilGone(signal)
    if (reply.delayHeadersMs !== undefined) await this.#clock.sleep(reply.delayHeadersMs, signal)
    if (signal.aborted) return
    if (reply.cutBeforeHeaders !== undefined) {
      exchange.isCut = true
      return cutConnection(response, reply.cutBeforeHeaders)
    }
    this.#sequence += 1
    const plan = planReply(reply, {
      dialect: this.#dialect,
      transport: transportOf(asked),
      model: asked.model,
      sequence: this.#sequence,
      created: Math.floor(this.#clock.now() / 1000),
      body: asked.body,
      requestId: `req_${entry.index + 1}`,
    })
    entry.status = plan.status
    await writePlan(plan, reply, {
      response,
      clock: this.#clock,
      signal,
      beforeCut: () => (exchange.isCut = true),
    })
  }

  #refuse(exchange: Exchange, facts: ErrorFacts): void {
    const json = this.#dialect.renderError(facts)
    exchange.entry.refusal = facts.message ?? `status ${facts.status}`
    sendJson(exchange, facts.status, {
      dialect: this.#dialect,
      json,
      requestId: facts.requestId,
      facts,
    })
  }

  /**
   * A script that throws is a mistake in the test: report it in the answer and in
   * the journal.
   */
  #failScript(exchange: Exchange, error: unknown): void {
    const message = `The script of the fake provider failed: ${error instanceof Error ? error.message : String(error)}`
    exchange.entry.refusal = message
    if (exchange.response.headersSent) {
      exchange.isCut = true
      return void exchange.response.destroy()
    }
    const facts = { status: 500, message, requestId: 'req_script' }
    sendJson(exchange, 500, {
      dialect: this.#dialect,
      json: this.#dialect.renderError(facts),
      requestId: facts.requestId,
    })
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly entry: JournalRecord
  readonly signal: AbortSignal
  /** The provider itself closes the connection early. */
  isCut: boolean
}

interface Asked {
  readonly route: Route
  readonly body: JsonObject
  readonly model: string
  readonly isStream: boolean
}

function transportOf({ route, isStream }: Asked): Transport {
  const own = route.operation === 'answer' ? route.transport : undefined
  return own ?? (isStream ? 'events' : 'json')
}

function sendJson(
  { response, entry }: Exchange,
  status: number,
  content: { dialect: FakeDialect; json: JsonObject; requestId: string; facts?: ErrorFacts },
): void {
  const text = JSON.stringify(content.json)
  entry.status = status
  response.writeHead(status, {
    'content-type': content.dialect.jsonType,
    'content-length': Buffer.byteLength(text),
    ...content.dialect.headers(content.requestId),
    ...(content.facts === undefined ? {} : content.dialect.errorHeaders?.(content.facts)),
  })
  response.end(text)
}

interface ReceivedBody {
  readonly text: string
  /** `undefined` when the text is no JSON object. */
  readonly json: JsonObject | undefined
  readonly isTooLarge: boolean
}

/**
 * The body, or `undefined` when the client left while sending it. What is over the limit is read
 * and dropped.
 */
async function readBody(request: IncomingMessage): Promise<ReceivedBody | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
    }
  } catch {
    // A request stream fails in one way only: its connection has gone, and there is no client to
    // answer.
    return undefined
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return { text, json: parseObject(text), isTooLarge: bytes > MAX_BODY_BYTES }
}
