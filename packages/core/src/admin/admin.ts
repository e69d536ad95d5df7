import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { HostCalls } from '../foundation/host-calls.ts'
import type { GatewayRequest, GatewayResponse } from '../http/index.ts'
import type { Throttle } from '../identity/index.ts'
import type { RequestWindow } from '../storage/index.ts'
import type { AdminService } from './admin-service.ts'
import { type Administrator, readAdministrator } from './administrator.ts'
import { refuseCrossSite } from './cross-site.ts'
import { routes } from './routes.ts'

/** Something an administrator did, or tried to do. */
export interface AdminAction {
  /** ISO 8601, UTC. */
  readonly at: string
  /** Administrator: the name from `adminGuard`, `token`, or `nobody` for a refused request. */
  readonly by: string
  /** `POST /admin/keys/{id}/rotate` */
  readonly act: string
  readonly target?: string
  /** HTTP status. */
  readonly status: number
}

type Known = Administrator | string | false | null | undefined

/** The host's own login: the administrator, by name; falsy answers leave it to the admin token. */
export type AdminGuard<Host> = (host: Host) => Known | Promise<Known>

export interface AdminOptions {
  readonly service: AdminService
  readonly clock: Clock
  readonly token: string | undefined
  readonly guard: AdminGuard<unknown> | undefined
  readonly hostCalls: HostCalls
  /** Counts wrong admin tokens. */
  readonly throttle: Pick<Throttle, 'refusal'>
  /** Counts the requests of each administrator. */
  readonly requests: RequestWindow
  readonly readBody: (request: GatewayRequest) => Promise<Readonly<Record<string, unknown>>>
  readonly onAct: (act: AdminAction) => void
}

const TOO_MANY = 429
const NOBODY = 'nobody'

/** The HTTP face of what administrators can do. */
export class Admin {
  readonly #options: AdminOptions

  constructor(options: AdminOptions) {
    this.#options = options
  }

  /** Whether the request is one for administrators. */
  static concerns({ path }: Pick<GatewayRequest, 'path'>): boolean {
    return path === '/admin' || path.startsWith('/admin/')
  }

  /** Rejects with what is to be refused; told to the audit whatever comes of it. */
  async handle(request: GatewayRequest): Promise<GatewayResponse> {
    const route = routes.find(
      ([method, path]) => method === request.method && path.test(request.path),
    )
    const target = route?.[1].exec(request.path)?.[1]
    let by = NOBODY
    const tell = (status: number): void =>
      this.#options.onAct({
        at: new Date(this.#options.clock.now()).toISOString(),
        by,
        act: route?.[2] ?? `${request.method} ${request.path}`,
        ...(target !== undefined && { target }),
        status,
      })
    try {
      const administrator = await this.#administratorOf(request)
      by = administrator.name
      await this.#refuseFlood(by)
      if (route === undefined)
        throw new GatewayError(
          'unknown_path',
          `There is no ${request.method} ${request.path} here. Known: ${routes.map(([, , act]) => act).join(', ')}.`,
        )
      if (administrator.mayChange === false && request.method !== 'GET')
        throw new GatewayError(
          'permission_denied',
          `${by} may look at the gateway, and change nothing.`,
        )
      if (request.method !== 'GET') refuseCrossSite(request)
      const { status = 200, body } = await route[3](this.#options.service, {
        id: decoded(target ?? ''),
        body: request.method === 'GET' ? {} : await this.#options.readBody(request),
        query: Object.fromEntries(new URLSearchParams(request.search)),
      })
      tell(status)
      return {
        status,
        headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
        body: JSON.stringify(body),
      }
    } catch (error) {
      const status = error instanceof GatewayError ? error.status : 500
      // A flood of guesses is no flood of lines.
      if (by !== NOBODY || status !== TOO_MANY) tell(status)
      throw error
    }
  }

  async #askHost(request: GatewayRequest): Promise<Administrator | undefined> {
    const { guard, hostCalls } = this.#options
    if (guard === undefined) return undefined
    const answer = await hostCalls.ask('adminGuard', () => guard(request.host), request)
    try {
      return readAdministrator(answer)
    } catch (cause) {
      throw hostCalls.refusal('adminGuard', cause)
    }
  }

  async #administratorOf(request: GatewayRequest): Promise<Administrator> {
    const { token } = this.#options
    const administrator = await this.#askHost(request)
    if (administrator !== undefined) return administrator
    const presented = /^bearer\s+(\S+)\s*$/i.exec(request.header('authorization') ?? '')?.[1]
    if (token !== undefined && presented !== undefined && isSame(presented, token))
      return { name: 'token' }
    const wrong = new GatewayError(
      'invalid_api_key',
      'This takes the admin token of the gateway, as "Authorization: Bearer <token>".',
    )
    throw await this.#options.throttle.refusal(wrong, request)
  }

  /** A store that cannot count refuses no administrator. */
  async #refuseFlood(by: string): Promise<void> {
    const waitMs = await this.#options.requests.take(by).catch(() => undefined)
    if (waitMs !== undefined)
      throw new GatewayError(
        'rate_limit_exceeded',
        `${by} has made all requests that adminRequests allows within a minute. Retry after ${Math.ceil(waitMs / 1000)} s.`,
        { retryAfterMs: Math.max(waitMs, 1) },
      )
  }
}

function decoded(piece: string): string {
  try {
    return decodeURIComponent(piece)
  } catch (cause) {
    throw new GatewayError('invalid_request', 'The path is not percent-encoded as it should be.', {
      cause,
    })
  }
}

/** In the same time, whatever is wrong with it. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
