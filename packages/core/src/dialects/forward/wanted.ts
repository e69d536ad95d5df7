import type { ClientRequest } from '../model/request.ts'
import type { Dialect } from '../model/dialect.ts'
import type { ProviderWanted } from '../model/operation.ts'

/** Header by which a client names the provider of what has no model. */
export const PROVIDER_HEADER = 'x-postern-provider'

/** A provider that speaks `api`: the one the client names, or the only one there is. */
export function wantedFor(
  api: Dialect,
  request: Pick<ClientRequest, 'header'>,
  options: { readonly isRepeatable?: boolean } = {},
): ProviderWanted {
  return {
    name: request.header(PROVIDER_HEADER),
    speaks: api,
    isRepeatable: options.isRepeatable === true,
  }
}
