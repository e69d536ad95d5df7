import type { Clock } from '../clock.ts'
import type { GatewayError } from '../errors.ts'
import { RetryBudget, TargetHealth } from '../health/index.ts'
import { Turns } from '../json/turns.ts'
import type { DispatchDeps } from './deps.ts'
import type { ResponseHead, Transport, UpstreamCall, UpstreamRequest } from './transport.ts'

/** Behaviour of a scripted provider for one call. */
export interface Reply {
  /** @default 200 */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent in these pieces. */
  readonly body?: readonly (string | Uint8Array)[]
  /** The connection never opens, the headers never come, or the body never ends. */
  readonly hangs?: 'connect' | 'headers' | 'body'
  /** Answers without waiting for the end of a streamed body, of which it reads one piece. */
  readonly answersEarly?: boolean
  /** Breaks off here with an error of this code. */
  readonly breaks?: { readonly at: 'connect' | 'headers' | 'body'; readonly code: string }
}

export const json = (value: unknown, rest: Reply = {}): Reply => ({
  headers: { 'content-type': 'application/json' },
  body: [JSON.stringify(value)],
  ...rest,
})
export const events = (...data: (object | string)[]): Reply => ({
  headers: { 'content-type': 'text/event-stream' },
  body: data.map((item) => `data: ${typeof item === 'string' ? item : JSON.stringify(item)}\n\n`),
})

/**
 * A transport for tests: answers calls from a script, in order, and remembers them. A call beyond
 * the script throws.
 */
export class FakeTransport implements Transport {
  readonly requests: UpstreamRequest[] = []
  readonly calls: FakeUpstreamCall[] = []
  readonly #script: readonly Reply[]

  constructor(script: readonly Reply[]) {
    this.#script = script
  }

  send(request: UpstreamRequest): UpstreamCall {
    const reply = this.#script[this.requests.length]
    if (reply === undefined)
      throw new Error(`Call ${this.requests.length + 1} is not in the script.`)
    this.requests.push(request)
    const call = new FakeUpstreamCall(reply, request)
    this.calls.push(call)
    return call
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

class FakeUpstreamCall implements UpstreamCall {
  readonly response: Promise<ResponseHead>
  aborted: GatewayError | undefined
  /** Pieces of a streamed body that arrived. */
  readonly uploaded: Uint8Array[] = []
  readonly #reply: Reply
  readonly #pieces: (string | Uint8Array)[]
  readonly #gone = Promise.withResolvers<never>()
  #nudge = Promise.withResolvers<Uint8Array>()

  constructor(reply: Reply, request: UpstreamRequest) {
    this.#reply = reply
    this.#pieces = [...(reply.body ?? [])]
    this.#gone.promise.catch(() => undefined)
    this.response = Promise.race([this.#gone.promise, this.#answer(request)])
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.aborted !== undefined) throw this.aborted
    const piece = this.#pieces.shift()
    if (piece !== undefined) return typeof piece === 'string' ? Buffer.from(piece) : piece
    if (this.#reply.hangs === 'body') return Promise.race([this.#gone.promise, this.#nudge.promise])
    if (this.#reply.breaks?.at === 'body') throw broken(this.#reply.breaks.code)
    return undefined
  }

  async collect(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    for (let piece = await this.read(); piece !== undefined; piece = await this.read())
      pieces.push(piece)
    return Buffer.concat(pieces)
  }

  unread(): undefined {}

  nudge(): void {
    this.#nudge.resolve(new Uint8Array())
    this.#nudge = Promise.withResolvers()
  }

  abort(reason: GatewayError): void {
    this.aborted ??= reason
    this.#gone.reject(reason)
  }

  async #receive(body: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const piece of body) {
      if (this.aborted !== undefined) throw this.aborted
      this.uploaded.push(piece)
      if (this.#reply.answersEarly === true) return
    }
  }

  async #answer(request: UpstreamRequest): Promise<ResponseHead> {
    const { breaks, hangs, status = 200, headers = {} } = this.#reply
    await Promise.resolve()
    if (breaks?.at === 'connect') throw broken(breaks.code)
    if (hangs === 'connect') return this.#gone.promise
    request.onConnected()
    if (typeof request.body === 'object' && Symbol.asyncIterator in request.body)
      await this.#receive(request.body)
    if (breaks?.at === 'headers') throw broken(breaks.code)
    if (hangs === 'headers') return this.#gone.promise
    return { status, headers }
  }
}

function broken(code: string): Error {
  return Object.assign(new Error('the connection broke'), { code })
}

/**
 * Dependencies that a test does not care about: every target is healthy, and randomness is 0.5.
 */
export function fakeDeps(parts: {
  readonly transport: Transport
  readonly clock: Clock
  readonly random?: () => number
}): DispatchDeps {
  const { clock } = parts
  return {
    random: () => 0.5,
    newId: (prefix) => `${prefix}1`,
    health: new TargetHealth(clock, () => undefined),
    retryBudget: new RetryBudget(clock),
    turns: new Turns(),
    ...parts,
  }
}
