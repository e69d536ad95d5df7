import { Agent, type Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'

export interface UpstreamRequest {
  readonly origin: string
  readonly method: 'GET' | 'POST'
  /** Path with query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | undefined
  /** The request is about to be written to an open connection. */
  onConnected(): void
}

export interface UpstreamResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** One call on the wire. Every method may be called at any time, in any order. */
export interface UpstreamCall {
  /** Settles when the status line and headers are there. */
  readonly response: Promise<UpstreamResponse>
  /** The next bytes as they arrive, `undefined` at the end; rejects when the connection breaks. One reader at a time. */
  read(): Promise<Uint8Array | undefined>
  /** The whole body; rejects with `answer_too_large` over `limit` bytes. */
  collect(limit: number): Promise<Uint8Array>
  /** Ends the call: whatever waits rejects with `reason`, the connection is closed. Does nothing once the body has ended. */
  abort(reason: GatewayError): void
}

export interface Transport {
  send(request: UpstreamRequest): UpstreamCall
  /** Closes every connection. */
  close(): Promise<void>
}

/**
 * HTTP/1.1 over undici's dispatcher API, which spends a fifth of `fetch`'s CPU. HTTP/2 stays off: one lost TCP
 * connection would break every stream it carries. undici's own timeouts are coarse (a 200 ms timeout fires after
 * 700 ms), so they are off and the gateway's clocks decide. Redirects are never followed: they would leak the key.
 */
export function createTransport(options: { readonly connectTimeoutMs: number }): Transport {
  const agent = new Agent({
    allowH2: false,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    // Our own clock gives up first; this only frees the socket that nobody waits for any more.
    connect: { timeout: options.connectTimeoutMs * 2 },
  })
  return {
    send(request) {
      const call = new Call(request)
      agent.dispatch({ origin: request.origin, path: request.path, method: request.method, headers: request.headers, body: request.body ?? null }, call)
      return call
    },
    close: () => agent.destroy(),
  }
}

/** Unread bytes kept before the provider's socket is paused. */
const HIGH_WATER_MARK_BYTES = 64 * 1024

interface Reader {
  resolve(chunk: Uint8Array | undefined): void
  reject(error: unknown): void
}

class Call implements UpstreamCall, Dispatcher.DispatchHandler {
  readonly response: Promise<UpstreamResponse>
  readonly #onConnected: () => void
  #settleResponse: { resolve(response: UpstreamResponse): void; reject(error: unknown): void } | undefined
  #controller: Dispatcher.DispatchController | undefined
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #reader: Reader | undefined
  /** `collect` takes chunks straight from the socket. */
  #collecting: { limit: number; size: number } | undefined
  #state: 'open' | 'ended' | 'failed' = 'open'
  #error: unknown

  constructor(request: UpstreamRequest) {
    this.#onConnected = () => request.onConnected()
    this.response = new Promise((resolve, reject) => {
      this.#settleResponse = { resolve, reject }
    })
  }

  read(): Promise<Uint8Array | undefined> {
    const [first] = this.#queue
    if (first !== undefined) {
      // What has piled up goes on in one piece: every piece costs a write to the client.
      const waiting = this.#queue.length === 1 ? first : Buffer.concat(this.#queue, this.#queuedBytes)
      this.#queue = []
      this.#queuedBytes = 0
      this.#controller?.resume()
      return Promise.resolve(waiting)
    }
    if (this.#state === 'ended') return Promise.resolve(undefined)
    if (this.#state === 'failed') return Promise.reject(this.#error)
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  async collect(limit: number): Promise<Uint8Array> {
    if (this.#state === 'open') {
      await new Promise<undefined>((resolve, reject) => {
        this.#collecting = { limit, size: this.#queuedBytes }
        this.#reader = { resolve: () => resolve(undefined), reject }
        this.#checkLimit()
        this.#controller?.resume()
      })
    } else if (this.#state === 'failed') throw this.#error
    const [first] = this.#queue
    return this.#queue.length === 1 && first !== undefined ? first : Buffer.concat(this.#queue)
  }

  abort(reason: GatewayError): void {
    if (this.#state !== 'open') return
    this.#fail(reason)
    this.#controller?.abort(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#state === 'failed') controller.abort(this.#error as Error)
    else this.#onConnected()
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: UpstreamResponse['headers']): void {
    // Informational answers (100, 103) come before the real one.
    if (status < 200) return
    this.#settleResponse?.resolve({ status, headers })
    this.#settleResponse = undefined
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#collecting !== undefined) {
      this.#queue.push(chunk)
      this.#collecting.size += chunk.length
      this.#checkLimit()
      return
    }
    const reader = this.#reader
    if (reader !== undefined) {
      this.#reader = undefined
      reader.resolve(chunk)
      return
    }
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.length
    if (this.#queuedBytes >= HIGH_WATER_MARK_BYTES) controller.pause()
  }

  onResponseEnd(): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    const reader = this.#reader
    this.#reader = undefined
    reader?.resolve(undefined)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #checkLimit(): void {
    const collecting = this.#collecting
    if (collecting !== undefined && collecting.size > collecting.limit) {
      this.abort(new GatewayError('answer_too_large', `The provider's answer is larger than the limit of ${collecting.limit} bytes (option answerLimit, POSTERN_ANSWER_LIMIT).`))
    }
  }

  #fail(error: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#error = error
    this.#settleResponse?.reject(error)
    this.#settleResponse = undefined
    const reader = this.#reader
    this.#reader = undefined
    reader?.reject(error)
  }
}
