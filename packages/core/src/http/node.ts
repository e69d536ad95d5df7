import '../foundation/supported-runtime.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { GatewayError } from '../errors.ts'
import { codingsIn } from './content-coding.ts'
import { bodyTooLarge, encodingNotAccepted } from './body.ts'
import { cutOff, isClosed, wasAnswered, wasCutOff } from './client-connection.ts'
import { decodedBody, decodedChunks } from './decoded-body.ts'
import { belowPrefix, isPlainPath, type MountPoint, sharesRoot, splitTarget } from './path.ts'
import {
  type GatewayRequest,
  type GatewayResponse,
  isAbandonable,
  isStreamBody,
} from './request.ts'

/** Facts that an adapter knows and the raw request does not have. */
export interface NodeMount extends MountPoint {
  /**
   * Path and query below the framework's mount; default `request.url`. A prefix of the gateway is
   * cut off here.
   */
  readonly url?: string
  /** The URL as the client wrote it, where the framework keeps it; default `request.url`. */
  readonly originalUrl?: string
  /**
   * The body as the host's parser left it. Used only when the request stream has been read already.
   */
  readonly parsedBody?: unknown
  /** The id that middleware gave the request, where neither the response nor the request tells. */
  readonly requestId?: string | undefined
  /** Handed to the user's `identify`. */
  readonly host?: unknown
  /** Takes whole answers in place of the socket, for frameworks with a cheap way of their own. */
  readonly onWhole?: (answer: GatewayResponse) => void
  /**
   * Called before a stream's headers are written: the last moment to set headers on the response.
   */
  readonly onStream?: () => void
}

interface Handler {
  readonly prefix?: string
  handle(request: GatewayRequest): Promise<GatewayResponse>
}

/**
 * Serves one request of `node:http` or of the compatibility API of `node:http2`, and resolves when
 * the answer is written or the client has gone. Never rejects: nothing the gateway does reaches the
 * host's error handler.
 */
export async function handleNode(
  gateway: Handler,
  exchange: { request: IncomingMessage; response: ServerResponse },
  mount: NodeMount = {},
): Promise<void> {
  const { request, response } = exchange
  const url = mount.url ?? request.url ?? '/'
  const target = belowPrefix(url, gateway.prefix ?? '')
  if (target === undefined && mount.fallThrough !== undefined) return mount.fallThrough()
  const gatewayRequest = new NodeRequest(exchange, target ?? url, mount)
  gatewayRequest.sharesRoot = sharesRoot(gateway, mount)
  const onClose = (): void => {
    if (!wasAnswered(response)) gatewayRequest.abort()
  }
  response.on('close', onClose)
  try {
    const answer = await gateway.handle(gatewayRequest)
    if (answer.unmatched && gatewayRequest.sharesRoot) mount.fallThrough?.()
    else if (isStreamBody(answer.body)) {
      mount.onStream?.()
      await writeStream(answer, answer.body, response)
    } else if (mount.onWhole !== undefined) mount.onWhole(answer)
    else writeWhole(answer, answer.body, { response, isHead: request.method === 'HEAD' })
  } catch {
    // Node refuses to write a head that HTTP cannot carry: the client gets a 502, and the host's
    // process continues.
    if (response.headersSent) cutOff(response)
    else response.writeHead(500, { 'content-length': '0' }).end()
  } finally {
    response.off('close', onClose)
    gatewayRequest.endUpload()
  }
}

class NodeRequest implements GatewayRequest {
  sharesRoot = false
  readonly method: string
  readonly path: string
  readonly search: string
  readonly host: unknown
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #mount: NodeMount
  #controller: AbortController | undefined
  #upload: AsyncGenerator<Uint8Array, undefined> | undefined
  #aborted = false

  /** @param below path and query below every mount */
  constructor(
    { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
    below: string,
    mount: NodeMount,
  ) {
    this.#request = request
    this.#response = response
    this.#mount = mount
    this.method = request.method ?? 'GET'
    const asWritten = mount.originalUrl ?? request.url ?? '/'
    // Some frameworks normalise what they match (Express 4 cuts `/llm/` off `/llm//admin`): an
    // ambiguous path goes on as written, and matches nothing.
    const url = below === asWritten || isPlainPath(splitTarget(asWritten).path) ? below : asWritten
    const { path, search } = splitTarget(url)
    this.path = path
    this.search = search
    this.host = mount.host
  }

  header(name: string): string | undefined {
    // HTTP/2 names the host in a pseudo-header.
    const value =
      this.#request.headers[name] ??
      (name === 'host' ? this.#request.headers[':authority'] : undefined)
    return typeof value === 'string' || value === undefined ? value : value[0]
  }

  headerNames(): Iterable<string> {
    return Object.keys(this.#request.headers)
  }

  /**
   * Only when the stream has been read: some parsers leave `{}` behind for bodies they did not
   * touch.
   */
  get parsedBody(): unknown {
    return this.#request.readableDidRead ? this.#mount.parsedBody : undefined
  }

  /**
   * Middleware sets a header of the response (koa-requestid, express-request-id) or `request.id`
   * (pino-http).
   */
  get requestId(): string | undefined {
    const answered = this.#response.getHeader('x-request-id')
    if (typeof answered === 'string') return answered
    const { id } = this.#request as { readonly id?: unknown }
    if (typeof id === 'string') return id
    return typeof id === 'number' && this.#request.headers['x-request-id'] === undefined
      ? String(id)
      : this.#mount.requestId
  }

  get peer(): string | undefined {
    return this.#mount.peer === undefined ? this.#request.socket.remoteAddress : this.#mount.peer()
  }

  get keepAliveTimeoutMs(): number | undefined {
    // The connections of HTTP/2 know no such timeout.
    if (this.#request.httpVersionMajor > 1) return undefined
    // Node's own servers are there, though their type does not say so.
    return (this.#request.socket as { readonly server?: { readonly keepAliveTimeout?: number } })
      .server?.keepAliveTimeout
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    // The client may have left while an earlier middleware waited: 'close' does not fire again for
    // us.
    if (this.#aborted || isClosed(this.#response)) this.#controller.abort()
    return this.#controller.signal
  }

  abort(): void {
    this.#aborted = true
    this.#controller?.abort()
  }

  bytes(limit: number): Promise<Uint8Array> {
    const request = this.#request
    const refusal = refusalOf(request, limit)
    if (refusal !== undefined) return Promise.reject(refusal)
    const encoding = request.headers['content-encoding']
    return encoding === undefined
      ? collect(request, limit)
      : collect(request, limit).then((bytes) => decodedBody(bytes, encoding, limit))
  }

  stream(limit: number): AsyncIterable<Uint8Array> {
    this.#upload ??= decodedChunks(
      chunksOf(this.#request, limit),
      this.#request.headers['content-encoding'],
      limit,
    )
    return this.#upload
  }

  /** Ends a streamed body that was not read to its end. */
  endUpload(): void {
    void this.#upload?.return(undefined)
  }
}

/** Why the body cannot be read; one that is announced as too large is not kept. */
function refusalOf(request: IncomingMessage, limit: number): GatewayError | undefined {
  const encoding = request.headers['content-encoding']
  if (codingsIn(encoding) === undefined) {
    discard(request)
    return encodingNotAccepted(encoding ?? '')
  }
  if (Number(request.headers['content-length']) > limit) {
    discard(request)
    return bodyTooLarge(limit)
  }
  return request.readableDidRead && !request.readableFlowing ? bodyConsumed() : undefined
}

/** Never destroys the request: that would take the connection along, and with it the answer. */
async function* chunksOf(
  request: IncomingMessage,
  limit: number,
): AsyncGenerator<Uint8Array, undefined> {
  const refusal = refusalOf(request, limit)
  if (refusal !== undefined) throw refusal
  let size = 0
  let isWhole = false
  try {
    for await (const chunk of request.iterator({
      destroyOnReturn: false,
    }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) throw bodyTooLarge(limit)
      yield chunk
    }
    if (wasCutOff(request)) throw clientGone()
    isWhole = true
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : clientGone(cause)
  } finally {
    if (!isWhole) discard(request)
  }
}

function clientGone(cause?: unknown): GatewayError {
  return new GatewayError(
    'client_closed',
    'The client closed the connection before its request was complete.',
    { cause },
  )
}

function bodyConsumed(): GatewayError {
  return new GatewayError(
    'invalid_request',
    'The request body was read before it reached the gateway and nothing parsed was left. Mount the gateway before the middleware that reads it, or let a JSON parser run.',
  )
}

function collect(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const stop = (): void => {
      request.off('data', onData)
      request.off('end', onEnd)
      request.off('error', onGone)
      request.off('close', onGone)
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size > limit) {
        stop()
        discard(request)
        reject(bodyTooLarge(limit))
      } else chunks.push(chunk)
    }
    const onEnd = (): void => {
      if (wasCutOff(request)) return onGone()
      stop()
      resolve(
        chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size),
      )
    }
    const onGone = (): void => {
      stop()
      reject(request.readableEnded && !wasCutOff(request) ? bodyConsumed() : clientGone())
    }
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('error', onGone)
    request.on('close', onGone)
    if (request.destroyed) onGone()
  })
}

/** Far more than a client has under way when the refusal reaches it. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024

/**
 * Reads on and keeps nothing: to close on a client that is still sending would take our answer from
 * it.
 */
function discard(request: IncomingMessage): void {
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > MAX_DISCARDED_BYTES) request.destroy()
  })
  // A request that was read piece by piece is paused until `resume`.
  request.resume()
}

function writeWhole(
  answer: GatewayResponse,
  body: string | Uint8Array | null,
  to: { response: ServerResponse; isHead: boolean },
): void {
  const { response, isHead } = to
  if (isClosed(response) || response.headersSent) return
  if (body !== null)
    answer.headers['content-length'] = String(
      typeof body === 'string' ? Buffer.byteLength(body) : body.length,
    )
  response.writeHead(answer.status, answer.headers)
  if (isHead || body === null) response.end()
  else if (typeof body === 'string' || body.length > MAX_JOINED_BYTES) response.end(body)
  else
    response.end(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'),
      'latin1',
    )
}

/**
 * A small body given as a string leaves in one write with its head, bytes unchanged in latin1;
 * larger ones are not worth the copy.
 */
const MAX_JOINED_BYTES = 16 * 1024

async function writeStream(
  answer: GatewayResponse,
  body: AsyncIterable<Uint8Array | string>,
  response: ServerResponse,
): Promise<void> {
  if (isClosed(response) || response.headersSent) {
    await body[Symbol.asyncIterator]().return?.()
    return
  }
  try {
    response.writeHead(answer.status, answer.headers)
  } catch (error) {
    await body[Symbol.asyncIterator]().return?.()
    throw error
  }
  if (isAbandonable(body)) body.onAbandon(() => cutOff(response))
  try {
    await pump(body, response)
  } catch {
    // The body says so when no byte could tell that it broke. Cut off, half an answer never looks
    // whole.
    cutOff(response)
  }
}

/**
 * Writes until the body ends or the client is gone; leaving the loop early ends the body and with
 * it the upstream call.
 */
async function pump(
  body: AsyncIterable<Uint8Array | string>,
  response: ServerResponse,
): Promise<void> {
  for await (const chunk of body) {
    if (isClosed(response)) return
    if (!response.write(chunk)) {
      await drainedOrClosed(response)
      if (isClosed(response)) return
    }
  }
  response.end()
}

/** `drain` alone never fires after a close and would leak the request. */
function drainedOrClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
    if (isClosed(response)) done()
  })
}
