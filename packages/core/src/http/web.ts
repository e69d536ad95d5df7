import '../foundation/supported-runtime.ts'
import { GatewayError } from '../errors.ts'
import { codingsIn } from './content-coding.ts'
import { bodyTooLarge, encodingNotAccepted } from './body.ts'
import { decodedChunks } from './decoded-body.ts'
import { belowPrefix, type MountPoint, sharesRoot, splitTarget, targetOf } from './path.ts'
import { type GatewayRequest, type GatewayResponse, isStreamBody } from './request.ts'

export { belowMount, targetOf } from './path.ts'

/** Facts that an adapter knows and the request does not have. */
export interface WebMount extends MountPoint {
  /**
   * Path and query below the framework's mount, as the client wrote them; default the request's
   * own. A prefix of the gateway is cut off here.
   */
  readonly url?: string
  /** The body as the host's parser left it. Used only when the request has been read already. */
  readonly parsedBody?: unknown
  /** Aborts when the client leaves; default the request's own. */
  readonly signal?: AbortSignal | undefined
  /** The id that middleware gave the request. */
  readonly requestId?: string | undefined
  /** Handed to the user's `identify`; default the request. */
  readonly host?: unknown
}

interface Handler {
  readonly prefix?: string
  handle(request: GatewayRequest): Promise<GatewayResponse>
}

/** Serves one web-standard request. Never rejects; `undefined` when the request was passed on. */
export async function handleWeb(
  gateway: Handler,
  request: Request,
  mount: WebMount = {},
): Promise<Response | undefined> {
  const url = mount.url ?? targetOf(request.url)
  const target = belowPrefix(url, gateway.prefix ?? '')
  if (target === undefined && mount.fallThrough !== undefined) {
    mount.fallThrough()
    return undefined
  }
  const incoming = new WebRequest(request, target ?? url, mount)
  incoming.sharesRoot = sharesRoot(gateway, mount)
  const answer = await gateway.handle(incoming)
  if (!isStreamBody(answer.body)) incoming.endUpload()
  if (answer.unmatched && incoming.sharesRoot) {
    mount.fallThrough?.()
    return undefined
  }
  try {
    return toWebResponse(answer)
  } catch {
    // A head that HTTP cannot carry: the client gets a 502, and the host's error handler is not
    // called.
    if (isStreamBody(answer.body)) await answer.body[Symbol.asyncIterator]().return?.()
    return new Response(null, { status: 500 })
  }
}

class WebRequest implements GatewayRequest {
  sharesRoot = false
  readonly method: string
  readonly path: string
  readonly search: string
  readonly host: unknown
  readonly #request: Request
  readonly #mount: WebMount
  #upload: AsyncGenerator<Uint8Array, undefined> | undefined

  /** @param target path and query below every mount */
  constructor(request: Request, target: string, mount: WebMount) {
    const { path, search } = splitTarget(target)
    this.method = request.method
    this.path = path
    this.search = search
    this.host = mount.host ?? request
    this.#request = request
    this.#mount = mount
  }

  get requestId(): string | undefined {
    return this.#mount.requestId
  }

  get parsedBody(): unknown {
    return this.#request.bodyUsed ? this.#mount.parsedBody : undefined
  }

  header(name: string): string | undefined {
    return (
      this.#request.headers.get(name) ??
      (name === 'host' ? new URL(this.#request.url).host : undefined)
    )
  }

  headerNames(): Iterable<string> {
    return this.#request.headers.keys()
  }

  get peer(): string | undefined {
    return this.#mount.peer?.()
  }

  get signal(): AbortSignal {
    return this.#mount.signal ?? this.#request.signal
  }

  async bytes(limit: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of this.#chunks(limit)) {
      size += chunk.length
      chunks.push(chunk)
    }
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size)
  }

  stream(limit: number): AsyncIterable<Uint8Array> {
    this.#upload ??= this.#chunks(limit)
    return this.#upload
  }

  #chunks(limit: number): AsyncGenerator<Uint8Array, undefined> {
    return decodedChunks(
      chunksOf(this.#request, limit),
      this.#request.headers.get('content-encoding') ?? undefined,
      limit,
    )
  }

  /** Ends a streamed body that was not read to its end. */
  endUpload(): void {
    void this.#upload?.return(undefined)
  }
}

async function* chunksOf(request: Request, limit: number): AsyncGenerator<Uint8Array, undefined> {
  const encoding = request.headers.get('content-encoding')
  if (codingsIn(encoding ?? undefined) === undefined) throw encodingNotAccepted(encoding ?? '')
  if (Number(request.headers.get('content-length')) > limit) throw bodyTooLarge(limit)
  if (request.bodyUsed) {
    throw new GatewayError(
      'invalid_request',
      'The request body was read before it reached the gateway. Hand the Request over unread.',
    )
  }
  let size = 0
  try {
    for await (const chunk of (request.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length
      if (size > limit) throw bodyTooLarge(limit)
      yield chunk
    }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError(
      'client_closed',
      'The client closed the connection before its request was complete.',
      { cause },
    )
  }
}

/**
 * The answer as a web-standard `Response`; cancelling its body ends the upstream call, and a body
 * that rejects breaks off.
 */
function toWebResponse(answer: GatewayResponse): Response {
  const { status, headers, body } = answer
  if (!isStreamBody(body))
    return new Response(body as string | Uint8Array<ArrayBuffer> | null, { status, headers })
  return new Response(toReadableStream(body), { status, headers })
}

function toReadableStream(body: AsyncIterable<Uint8Array | string>): ReadableStream<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
