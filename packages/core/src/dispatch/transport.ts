import type { LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'

export interface UpstreamRequest {
  readonly origin: string
  readonly method: string
  /** Path with query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array> | undefined
  /** The request is about to be written to an open connection. */
  onConnected(): void
}

export interface ResponseHead {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** One call on the wire. Every method may be called at any time, in any order. */
export interface UpstreamCall {
  /** Settles when the status line and headers are there. */
  readonly response: Promise<ResponseHead>
  /**
   * The next bytes as they arrive, none of them after a `nudge`, `undefined` at the end; rejects
   * when the connection breaks. One reader at a time.
   */
  read(): Promise<Uint8Array | undefined>
  /**
   * Bytes that have arrived and nothing has read, also of a call that has ended; `undefined` where
   * there are none.
   */
  unread(): Uint8Array | undefined
  /** Wakes who waits for the next bytes, although there are none. */
  nudge(): void
  /** The whole body; rejects with `answer_too_large` over `limit` bytes. */
  collect(limit: number): Promise<Uint8Array>
  /**
   * Ends the call: whatever waits rejects with `reason`, the connection is closed. Does nothing
   * once the body has ended.
   */
  abort(reason: GatewayError): void
}

export interface Transport {
  send(request: UpstreamRequest): UpstreamCall
  /** Closes every connection. */
  close(): Promise<void>
}

export interface TransportOptions {
  readonly connectTimeoutMs: number
  /** How names become addresses. @default the system's way */
  readonly lookup?: LookupFunction
}

/**
 * HTTP/1.1 over undici's dispatcher API, which spends a fifth of `fetch`'s CPU. HTTP/2 stays off:
 * one lost TCP connection would break every stream it carries. undici's own timeouts are coarse (a
 * 200 ms timeout fires after 700 ms), so they are off and the gateway's clocks decide. Redirects
 * are never followed: they would leak the key.
 */
export function createTransport(options: TransportOptions): Transport {
  const agent = new Agent({
    allowH2: false,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    // Our own clock gives up first; this only frees a socket that no call waits for any more.
    connect: {
      timeout: options.connectTimeoutMs * 2,
      ...(options.lookup && { lookup: options.lookup }),
    },
  })
  return {
    send(request) {
      const call = new Call(request)
      agent.dispatch(
        {
          origin: request.origin,
          path: request.path,
          method: request.method as Dispatcher.HttpMethod,
          headers: request.headers,
          body: bodyOf(request.body),
        },
        call,
      )
      return call
    },
    close: () => agent.destroy(),
  }
}

function bodyOf(body: UpstreamRequest['body']): string | Uint8Array | Readable | null {
  if (body === undefined) return null
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  const upload = Readable.from(body, { objectMode: false })
  // The call tells of a break. One that comes after the call has ended would otherwise end the
  // host's process.
  upload.on('error', () => undefined)
  return upload
}

const NO_BYTES = new Uint8Array()

/** Unread bytes kept before the provider's socket is paused. */
const HIGH_WATER_MARK_BYTES = 64 * 1024

class Call implements UpstreamCall, Dispatcher.DispatchHandler {
  readonly response: Promise<ResponseHead>
  /**
   * Until it has a connection. A function made here for each call in its place led V8 to allocate
   * much of every request in the old generation: measured, 8 KB of each survived instead of 0.5 KB,
   * collections took five times as long, and memory doubled.
   */
  #request: UpstreamRequest | undefined
  #settleResponse:
    | { resolve(response: ResponseHead): void; reject(error: unknown): void }
    | undefined
  #controller: Dispatcher.DispatchController | undefined
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  /**
   * Wakes who waits for the body. What woke it is looked at a microtask later, when all of a
   * network read is there.
   */
  #wake: (() => void) | undefined
  /** Bytes `collect` may take; it is woken by the end only. */
  #collectLimit: number | undefined
  #state: 'open' | 'ended' | 'failed' = 'open'
  #error: unknown

  constructor(request: UpstreamRequest) {
    this.#request = request
    this.response = new Promise((resolve, reject) => {
      this.#settleResponse = { resolve, reject }
    })
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.#queue.length > 0) return Promise.resolve(this.#take())
    if (this.#state === 'ended') return Promise.resolve(undefined)
    if (this.#state === 'failed') return Promise.reject(this.#error)
    return new Promise<void>((resolve) => {
      this.#wake = resolve
    }).then(this.#afterWake)
  }

  async collect(limit: number): Promise<Uint8Array> {
    this.#collectLimit = limit
    this.#checkLimit()
    if (this.#state === 'open') {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#controller?.resume()
      })
    }
    if (this.#state === 'failed') throw this.#error
    return this.#take()
  }

  readonly #afterWake = (): Uint8Array | undefined => {
    if (this.#queue.length > 0) return this.#take()
    if (this.#state === 'failed') throw this.#error
    return this.#state === 'open' ? NO_BYTES : undefined
  }

  unread(): Uint8Array | undefined {
    return this.#queue.length === 0 ? undefined : this.#take()
  }

  nudge(): void {
    if (this.#collectLimit === undefined) this.#wakeUp()
  }

  /** Buffered bytes are passed on in one piece: every piece costs a write to the client. */
  #take(): Uint8Array {
    const first = this.#queue[0]
    const bytes =
      this.#queue.length === 1 && first !== undefined
        ? first
        : Buffer.concat(this.#queue, this.#queuedBytes)
    this.#queue = []
    this.#queuedBytes = 0
    if (this.#state === 'open' && this.#controller?.paused) this.#controller.resume()
    return bytes
  }

  abort(reason: GatewayError): void {
    if (this.#state !== 'open') return
    this.#fail(reason)
    this.#controller?.abort(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#state === 'failed') controller.abort(this.#error as Error)
    else this.#request?.onConnected()
    this.#request = undefined
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHead['headers'],
  ): void {
    // Informational answers (100, 103) come before the real one.
    if (status < 200) return
    this.#settleResponse?.resolve({ status, headers })
    this.#settleResponse = undefined
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.length
    if (this.#collectLimit !== undefined) this.#checkLimit()
    else {
      this.#wakeUp()
      if (this.#queuedBytes >= HIGH_WATER_MARK_BYTES) controller.pause()
    }
  }

  onResponseEnd(): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#wakeUp()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #checkLimit(): void {
    if (this.#collectLimit === undefined || this.#queuedBytes <= this.#collectLimit) return
    const error = new GatewayError(
      'answer_too_large',
      `The provider's answer is larger than the limit of ${this.#collectLimit} bytes (option answerLimit, POSTERN_ANSWER_LIMIT).`,
    )
    if (this.#state === 'open') this.abort(error)
    else this.#error = error
    this.#state = 'failed'
  }

  #fail(error: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#error = error
    this.#settleResponse?.reject(error)
    this.#settleResponse = undefined
    this.#wakeUp()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
