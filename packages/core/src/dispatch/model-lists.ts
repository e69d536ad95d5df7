import { GatewayError } from '../errors.ts'
import type { Provider } from '../providers/index.ts'
import { Cancellation } from './cancellation.ts'
import type { DispatchDeps } from './deps.ts'

const FRESH_MS = 5 * 60_000
const DEADLINE_MS = 3_000
const MAX_LIST_BYTES = 8 * 1024 * 1024

/**
 * Ids of the models each provider offers, as `provider/model`. Never rejects: a provider that does
 * not answer is left out.
 */
export type ListModels = () => Promise<readonly string[]>

/**
 * Asks every provider for its models when a client wants the list, at most every five minutes;
 * models named in the configuration are always in it. A failed list is requested again the next
 * time.
 */
export function createModelLists(
  providers: Iterable<Provider>,
  deps: DispatchDeps,
  onFailure: (provider: string, error: unknown) => void,
): ListModels {
  const sources = [...providers].map((provider) => cached(provider, deps, onFailure))
  return async () => (await Promise.all(sources.map((source) => source()))).flat()
}

function cached(
  provider: Provider,
  deps: DispatchDeps,
  onFailure: (provider: string, error: unknown) => void,
): ListModels {
  let freshUntil = Number.NEGATIVE_INFINITY
  let pending: Promise<readonly string[]> | undefined
  const qualified = (ids: Iterable<string>): string[] =>
    [...new Set([...provider.models, ...ids])].map((id) => `${provider.name}/${id}`)
  const ask = async (): Promise<readonly string[]> => {
    try {
      return qualified(await fetchList(provider, deps))
    } catch (error) {
      freshUntil = Number.NEGATIVE_INFINITY
      onFailure(provider.name, error)
      return qualified([])
    }
  }
  return () => {
    const now = deps.clock.monotonic()
    if (pending === undefined || now >= freshUntil) {
      freshUntil = now + FRESH_MS
      pending = provider.listModelsPath === undefined ? Promise.resolve(qualified([])) : ask()
    }
    return pending
  }
}

async function fetchList(provider: Provider, deps: DispatchDeps): Promise<string[]> {
  const cancellation = new Cancellation(deps.clock, new AbortController().signal, DEADLINE_MS)
  const call = deps.transport.send({
    origin: provider.origin,
    method: 'GET',
    path: `${provider.basePath}${provider.listModelsPath}`,
    headers: { ...provider.headers(), accept: 'application/json' },
    body: undefined,
    onConnected: () => undefined,
  })
  cancellation.wait((error) => call.abort(error))
  try {
    const { status } = await call.response
    const bytes = await call.collect(MAX_LIST_BYTES)
    if (status !== 200)
      throw new GatewayError(
        'provider_error',
        `${provider.name} answered its model list with status ${status}.`,
      )
    return idsIn(parsed(bytes, provider.name))
  } finally {
    cancellation.close()
  }
}

/** The parser's own error would quote the body, which may repeat the key it was asked with. */
function parsed(bytes: Uint8Array, provider: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    throw new GatewayError(
      'upstream_invalid',
      `${provider} answered its model list with something that is not JSON.`,
    )
  }
}

/**
 * `{data: [{id}]}` of OpenAI and its kin, or `{models: [{name: "models/id"}]}`; a bare array is
 * taken too.
 */
function idsIn(body: unknown): string[] {
  const object = (typeof body === 'object' && body !== null ? body : {}) as {
    data?: unknown
    models?: unknown
  }
  const list = Array.isArray(body)
    ? body
    : Array.isArray(object.data)
      ? object.data
      : Array.isArray(object.models)
        ? object.models
        : []
  return list.flatMap((item: unknown) => {
    const { id, name } = (typeof item === 'object' && item !== null ? item : {}) as {
      id?: unknown
      name?: unknown
    }
    if (typeof id === 'string') return [id]
    return typeof name === 'string' ? [name.replace(/^models\//, '')] : []
  })
}
