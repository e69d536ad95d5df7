import type { GatewayError } from '../../errors.ts'
import type { ErrorResponse } from '../model/call.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { Operation, OperationTarget } from '../model/operation.ts'
import { boundOutput, type OutputBounds, requestedOutput } from '../model/output-bounds.ts'
import { asksToBeDeferred, isDeferredPath, namesKeptInput } from '../model/deferred.ts'
import { requestedReasoning } from '../model/requested-reasoning.ts'
import { listSurcharges } from '../model/surcharges.ts'
import { ByteRelay } from './byte-relay.ts'
import { estimateNative, jsonIn, nativeBounds } from './native-bounds.ts'
import { nativeHeaders } from './native-headers.ts'
import { nativePath } from './native-path.ts'
import { isFreeRead } from './paid-reads.ts'
import { BYTES_PER_TOKEN, observerFor } from './passing-usage.ts'
import { forwardedQuery } from './query.ts'

/** A request for a provider's own API. */
export interface NativeRequest {
  readonly method: string
  /** Name of the provider. */
  readonly provider: string
  /** Path after the provider's name, as the client wrote it. */
  readonly path: string
  /** Query with its `?`. */
  readonly search: string
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined
  headerNames(): Iterable<string>
  header(name: string): string | undefined
}

/** Calls that change nothing. */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * A request that goes to the provider's own API, below its base URL, with the gateway's credentials
 * in place of the client's. Answers pass as they are, refusals included.
 */
export function readNativeRequest(request: NativeRequest): Operation {
  const operation = forwarded(request)
  if (REPEATABLE.has(request.method) || request.method === 'DELETE') return operation
  const bounds = nativeBounds(request.path.startsWith('/') ? request.path : `/${request.path}`)
  if (bounds === 'none') return operation
  const isDeferred = isDeferredPath(`/${request.path}`)
  return {
    ...operation,
    ...generating(request, bounds),
    ...(isDeferred && { isDeferred: () => true }),
  }
}

/**
 * Facts for limits on a request that may generate text. Its body is parsed on first use.
 */
function generating(request: NativeRequest, bounds: OutputBounds | undefined): Partial<Operation> {
  let parsed: { readonly body: JsonObject | undefined } | undefined
  const body = (): JsonObject | undefined => (parsed ??= { body: jsonIn(request.body) }).body
  return {
    json() {
      const read = body()
      return read && { body: read, bytes: request.body as Uint8Array }
    },
    estimateInput: () => estimateNative(body() ?? {}),
    requestedOutput: () => requestedOutput(body() ?? {}, bounds ?? { names: ['max_tokens'] }),
    requestedReasoning: () => requestedReasoning(body() ?? {}),
    surcharges: () => listSurcharges(body() ?? {}),
    isDeferred: () => asksToBeDeferred(body() ?? {}),
    hasKeptInput: () => namesKeptInput(body() ?? {}),
    isBoundless: () => bounds === undefined || body() === undefined,
    bounded(this: Operation, most: number) {
      const sent = body()
      if (bounds === undefined || sent === undefined) return this
      const bounded = boundOutput(sent, bounds, most)
      if (bounded === sent) return this
      return readNativeRequest({
        ...request,
        body: Buffer.from(JSON.stringify(bounded)),
        header: (name) => request.header(name),
        headerNames: () => request.headerNames(),
      })
    },
  }
}

function forwarded(request: NativeRequest): Operation {
  const { method, body } = request
  const path = nativePath(request.path) + forwardedQuery(request.search)
  const headers = nativeHeaders(request)
  if (body !== undefined) headers['content-type'] ??= 'application/octet-stream'
  const isFree = isFreeRead(method, path)
  const upload = new CountedBody(body)
  return {
    model: undefined,
    stream: false,
    isFree,
    ...(!isFree && { inputBytesEstimate: () => Math.ceil(upload.bytes / BYTES_PER_TOKEN) }),
    provider: { name: request.provider, speaks: undefined, isRepeatable: REPEATABLE.has(method) },
    translationFor: (target, context) => ({
      answer: 'bytes',
      relaysRefusals: true,
      accept: headers.accept ?? '*/*',
      buildRequest: () => ({ method, path, body: upload.body, headers, dropped: [] }),
      readAnswer() {
        throw new TypeError('Bytes are not read.')
      },
      openStream: (contentType = '') =>
        new ByteRelay(
          observerFor(contentType, {
            maxBytes: context.maxEventBytes,
            isMetered: context.isMetered === true && !isFree,
          }),
        ),
      readError: (response) => readError(target, response),
    }),
  }
}

function readError(target: OperationTarget, response: ErrorResponse): GatewayError {
  const [dialect] = target.dialects
  if (dialect === undefined) throw new TypeError(`${target.provider.name} speaks no dialect.`)
  return dialect.providerSide.readError(response)
}

/** Bytes of a body that is sent as it comes, counted on their way. */
class CountedBody {
  readonly body: NativeRequest['body']
  bytes = 0

  constructor(body: NativeRequest['body']) {
    if (body === undefined || body instanceof Uint8Array) {
      this.body = body
      this.bytes = body?.length ?? 0
    } else this.body = this.#counted(body)
  }

  async *#counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
    for await (const piece of body) {
      this.bytes += piece.length
      yield piece
    }
  }
}
