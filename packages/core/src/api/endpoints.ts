import { type ClientRequest, type Dialect, type Face, faceOf, openaiChat, type Operation, readChat } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import type { GatewayRequest } from '../http/index.ts'

/**
 * What clients may call. `operation` endpoints go through the whole pipeline; the others answer from what the gateway
 * knows. A path is matched piece by piece: `{model}` stands for the rest of a piece, `{model...}` for several pieces.
 */
export type Endpoint = OperationEndpoint | ModelsEndpoint | HealthEndpoint

export interface OperationEndpoint {
  readonly kind: 'operation'
  readonly method: string
  readonly path: string
  /** In which shape errors reach this endpoint's clients. */
  readonly face: Face
  /** Throws `invalid_request` with `param` for a request no target could take. */
  read(request: ClientRequest): Operation
}

interface ModelsEndpoint {
  readonly kind: 'models'
  readonly method: string
  readonly path: string
}

interface HealthEndpoint {
  readonly kind: 'health'
  readonly probe: 'live' | 'ready'
  readonly method: string
  readonly path: string
}

export const endpoints: readonly Endpoint[] = [
  chat('/v1/chat/completions', openaiChat),
  { kind: 'models', method: 'GET', path: '/v1/models' },
  { kind: 'health', probe: 'live', method: 'GET', path: '/health/live' },
  { kind: 'health', probe: 'ready', method: 'GET', path: '/health/ready' },
]

function chat(path: string, dialect: Dialect): OperationEndpoint {
  return { kind: 'operation', method: 'POST', path, face: faceOf(dialect), read: (request) => readChat(dialect, request) }
}

/** Paths whose WebSocket form clients try first; they fall back to HTTP when told so. */
const WEBSOCKET_PATHS: ReadonlySet<string> = new Set(['/v1/responses'])

export interface Match {
  readonly endpoint: Endpoint
  /** Values of the path's named pieces, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
}

interface Pattern {
  readonly path: string
  readonly expression: RegExp
}

const byPath: ReadonlyMap<string, Endpoint[]> = Map.groupBy(endpoints, (endpoint) => endpoint.path)
const patterns: readonly Pattern[] = [...byPath.keys()].filter((path) => path.includes('{')).map((path) => ({ path, expression: expressionOf(path) }))

/** Throws `unknown_path`, `method_not_allowed` with `allow`, or `upgrade_required`. */
export function matchEndpoint(request: GatewayRequest): Match {
  if (WEBSOCKET_PATHS.has(request.path) && request.header('upgrade')?.toLowerCase() === 'websocket') throw upgradeRequired()
  const { path, params } = matchPath(request.path)
  const candidates = path === undefined ? undefined : byPath.get(path)
  if (candidates === undefined) throw new GatewayError('unknown_path', `There is no ${request.method} ${request.path} here. Known paths: ${[...byPath.keys()].join(', ')}.`)
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const endpoint = candidates.find((candidate) => candidate.method === request.method) ?? candidates.find((candidate) => candidate.method === method)
  if (endpoint !== undefined) return { endpoint, params }
  const allowed = candidates.map((candidate) => candidate.method).join(', ')
  throw new GatewayError('method_not_allowed', `${request.path} takes ${allowed}, not ${request.method}.`, { headers: { allow: allowed } })
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({})

function matchPath(path: string): { path: string | undefined; params: Readonly<Record<string, string>> } {
  if (byPath.has(path)) return { path, params: NO_PARAMS }
  for (const pattern of patterns) {
    const groups = pattern.expression.exec(path)?.groups
    if (groups === undefined) continue
    const params = decoded(groups)
    if (params !== undefined) return { path: pattern.path, params }
  }
  return { path: undefined, params: NO_PARAMS }
}

/** `undefined` when a piece is not valid percent-encoding. */
function decoded(groups: Readonly<Record<string, string>>): Record<string, string> | undefined {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]))
  } catch {
    return undefined
  }
}

function expressionOf(path: string): RegExp {
  const escaped = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replace(/\{(\w+)\\\.\\\.\\\.\}/g, '(?<$1>.+)').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
}

function upgradeRequired(): GatewayError {
  return new GatewayError('upgrade_required', 'WebSocket connections are not served here; use HTTP with server-sent events.', {
    headers: { upgrade: 'HTTP/1.1', connection: 'upgrade' },
  })
}
