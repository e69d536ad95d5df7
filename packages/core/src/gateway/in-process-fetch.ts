import { type GatewayRequest, type GatewayResponse, handleWeb, targetOf } from '../http/index.ts'
import type { Gateway } from './gateway.ts'

/** A `fetch` that answers by the pipeline, without a socket. */
export function inProcessFetch(
  prefix: string,
  handle: (request: GatewayRequest) => Promise<GatewayResponse>,
): Gateway['fetch'] {
  return async (input, init) => {
    // A `Request` listens to the signal it is given until it is collected: a long-lived signal
    // would gather listeners.
    const { signal, ...rest } = init ?? {}
    const request =
      input instanceof Request && init === undefined ? input : new Request(input, rest)
    const left = signal ?? request.signal
    // A `Request` resolves dot segments and backslashes: a string is matched as it was written.
    const url = targetOf(typeof input === 'string' ? input : request.url)
    const response = await handleWeb({ prefix, handle }, request, { url, signal: left })
    if (response === undefined)
      throw new TypeError('A gateway without a host answers every request itself.')
    if (response.status === 499) left.throwIfAborted()
    return response
  }
}
