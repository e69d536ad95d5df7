import { type Dialect, openaiChat } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import type { GatewayRequest } from '../http/index.ts'

/**
 * What clients may call. `chat` endpoints go through the whole pipeline; the others answer from what the gateway knows.
 */
export type Endpoint =
  | { readonly kind: 'chat'; readonly method: 'POST'; readonly path: string; readonly dialect: Dialect }
  | { readonly kind: 'models'; readonly method: 'GET'; readonly path: string }
  | { readonly kind: 'health'; readonly probe: 'live' | 'ready'; readonly method: 'GET'; readonly path: string }

export const endpoints: readonly Endpoint[] = [
  { kind: 'chat', method: 'POST', path: '/v1/chat/completions', dialect: openaiChat },
  { kind: 'models', method: 'GET', path: '/v1/models' },
  { kind: 'health', probe: 'live', method: 'GET', path: '/health/live' },
  { kind: 'health', probe: 'ready', method: 'GET', path: '/health/ready' },
]

/** Paths whose WebSocket form clients try first; they fall back to HTTP when told so. */
const WEBSOCKET_PATHS: ReadonlySet<string> = new Set(['/v1/responses'])

const byPath: ReadonlyMap<string, Endpoint[]> = Map.groupBy(endpoints, (endpoint) => endpoint.path)

/** Throws `unknown_path`, `method_not_allowed` with `allow`, or `upgrade_required`. */
export function matchEndpoint(request: GatewayRequest): Endpoint {
  if (WEBSOCKET_PATHS.has(request.path) && request.header('upgrade')?.toLowerCase() === 'websocket') throw upgradeRequired()
  const candidates = byPath.get(request.path)
  if (candidates === undefined) throw new GatewayError('unknown_path', `There is no ${request.method} ${request.path} here. Known paths: ${[...byPath.keys()].join(', ')}.`)
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const endpoint = candidates.find((candidate) => candidate.method === method)
  if (endpoint !== undefined) return endpoint
  const allowed = candidates.map((candidate) => candidate.method).join(', ')
  throw new GatewayError('method_not_allowed', `${request.path} takes ${allowed}, not ${request.method}.`, { headers: { allow: allowed } })
}

function upgradeRequired(): GatewayError {
  return new GatewayError('upgrade_required', 'WebSocket connections are not served here; use HTTP with server-sent events.', {
    headers: { upgrade: 'HTTP/1.1', connection: 'upgrade' },
  })
}
