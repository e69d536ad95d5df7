import type { ClientRequest } from '../model/request.ts'
import type { Dialect } from '../model/dialect.ts'
import type { RequestedProvider } from '../model/operation.ts'

/** Header by which a client names the provider of a request without a model. */
export const PROVIDER_HEADER = 'x-postern-provider'

/** A provider that speaks `api`: the one the client names, or the only one there is. */
export function requestedProvider(
  api: Dialect,
  request: Pick<ClientRequest, 'header'>,
  options: { readonly isRepeatable?: boolean } = {},
): RequestedProvider {
  return {
    name: request.header(PROVIDER_HEADER),
    speaks: api,
    isRepeatable: options.isRepeatable === true,
  }
}
