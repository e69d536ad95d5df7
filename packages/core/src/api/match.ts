import { GatewayError } from '../errors.ts'
import type { GatewayRequest } from '../http/index.ts'

/**
 * `find` gives `undefined` where the table has no such path, and throws what `match` throws for the
 * rest.
 */
export interface Table<Row extends Route> {
  readonly match: Matcher<Row>
  readonly find: (request: MatchedRequest) => Match<Row> | undefined
}

type MatchedRequest = Pick<GatewayRequest, 'method' | 'path' | 'header'>

/** Paths whose WebSocket form clients try first; they fall back to HTTP when told so. */
const WEBSOCKET_PATHS: ReadonlySet<string> = new Set(['/v1/responses'])

/**
 * The pattern to match: a method and a path, in which `{name}` stands for the rest of a piece and
 * `{name...}` for several pieces.
 */
export interface Route {
  readonly method: string
  readonly path: string
}

export interface Match<Row extends Route> {
  readonly endpoint: Row
  /** Values of the path's named pieces, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
}

export type Matcher<Row extends Route> = (request: MatchedRequest) => Match<Row>

interface Pattern<Row> {
  readonly rows: readonly Row[]
  readonly expression: RegExp
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({})

/**
 * Builds the look-up of a table, once. A plain path goes before a pattern, an earlier pattern
 * before a later one. The look-up throws `unknown_path`, `method_not_allowed` with `allow`, or
 * `upgrade_required`.
 */
export function createTable<Row extends Route>(table: readonly Row[]): Table<Row> {
  const groups = [...Map.groupBy(table, (row) => row.path)]
  const known = groups.map(([path]) => path).join(', ')
  const plain = new Map(groups.filter(([path]) => !path.includes('{')))
  const patterns = groups
    .filter(([path]) => path.includes('{'))
    .map(([path, rows]): Pattern<Row> => ({ rows, expression: expressionOf(path) }))
  const matchPath = (
    path: string,
  ): { rows: readonly Row[]; params: Readonly<Record<string, string>> } | undefined => {
    const rows = plain.get(path)
    return rows === undefined ? matchPattern(patterns, path) : { rows, params: NO_PARAMS }
  }
  const find = (request: MatchedRequest): Match<Row> | undefined => {
    const { method, path } = request
    if (WEBSOCKET_PATHS.has(path) && request.header('upgrade')?.toLowerCase() === 'websocket')
      throw upgradeRequired()
    const matched = matchPath(path)
    if (matched === undefined) return undefined
    const { rows, params } = matched
    const endpoint =
      rows.find((row) => row.method === method) ??
      (method === 'HEAD' ? rows.find((row) => row.method === 'GET') : undefined)
    if (endpoint !== undefined) return { endpoint, params }
    const allowed = rows.map((row) => row.method).join(', ')
    throw new GatewayError('method_not_allowed', `${path} takes ${allowed}, not ${method}.`, {
      headers: { allow: allowed },
    })
  }
  const match = (request: MatchedRequest): Match<Row> => {
    const found = find(request)
    if (found !== undefined) return found
    throw new GatewayError(
      'unknown_path',
      `There is no ${request.method} ${request.path} here. Known paths: ${known}.`,
    )
  }
  return { match, find }
}

function matchPattern<Row>(
  patterns: readonly Pattern<Row>[],
  path: string,
): { rows: readonly Row[]; params: Readonly<Record<string, string>> } | undefined {
  for (const { rows, expression } of patterns) {
    const groups = expression.exec(path)?.groups
    const params = groups === undefined ? undefined : decoded(groups)
    if (params !== undefined) return { rows, params }
  }
  return undefined
}

/** `undefined` when a piece is not valid percent-encoding. */
function decoded(groups: Readonly<Record<string, string>>): Record<string, string> | undefined {
  try {
    return Object.fromEntries(
      Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]),
    )
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** `/v1beta/models/{model...}:generateContent`: what stands behind a named piece ends it. */
function expressionOf(path: string): RegExp {
  const escaped = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  // linear: a path of the table has one named piece of any length, and what is left is literal
  return new RegExp(
    `^${escaped.replace(/\{(\w+)\\\.\\\.\\\.\}/g, '(?<$1>.+)').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`,
  )
}

function upgradeRequired(): GatewayError {
  return new GatewayError(
    'upgrade_required',
    'WebSocket connections are not served here; use HTTP with server-sent events.',
    {
      headers: { upgrade: 'HTTP/1.1', connection: 'upgrade' },
    },
  )
}
