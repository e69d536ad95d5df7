import type { GatewayError } from '../../errors.ts'
import type { ErrorResponse } from '../dialect.ts'
import type { Operation, OperationTarget } from '../operation.ts'
import { ByteRelay } from './byte-relay.ts'
import { nativeHeaders } from './native-headers.ts'
import { nativePath } from './native-path.ts'
import { observerFor } from './passing-usage.ts'
import { forwardedQuery } from './query.ts'

/** A request for a provider's own API. */
export interface NativeRequest {
  readonly method: string
  /** Name of the provider. */
  readonly provider: string
  /** What stands behind the provider in the client's path, as it was written. */
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
 * A request that goes to the provider's own API, below its base URL, with the gateway's credentials in place of the
 * client's. Answers pass as they are, refusals included.
 */
export function readNativeRequest(request: NativeRequest): Operation {
  const { method, body } = request
  const path = nativePath(request.path) + forwardedQuery(request.search)
  const headers = nativeHeaders(request)
  if (body !== undefined) headers['content-type'] ??= 'application/octet-stream'
  return {
    model: undefined,
    stream: false,
    provider: { name: request.provider, speaks: undefined, isRepeatable: REPEATABLE.has(method) },
    translationFor: (target, context) => ({
      answer: 'bytes',
      relaysRefusals: true,
      accept: headers.accept ?? '*/*',
      buildRequest: () => ({ method, path, body, headers, dropped: [] }),
      readAnswer() {
        throw new TypeError('Bytes are not read.')
      },
      openStream: (contentType = '') => new ByteRelay(observerFor(contentType, context.maxEventBytes)),
      readError: (response) => readError(target, response),
    }),
  }
}

function readError(target: OperationTarget, response: ErrorResponse): GatewayError {
  const [dialect] = target.dialects
  if (dialect === undefined) throw new TypeError(`${target.provider.name} speaks no dialect.`)
  return dialect.client.readError(response)
}
