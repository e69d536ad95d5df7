import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { GatewayRequest, GatewayResponse } from '../http/index.ts'
import type { Level } from '../limits/index.ts'
import { SlidingCounts } from '../sliding-counts.ts'

/** A virtual key as administrators see it: never the key, never its hash. */
export interface KeyView {
  readonly id: string
  readonly name: string
  /** The first characters of the key. */
  readonly hint: string
  readonly status: 'active' | 'expired' | 'revoked'
  /** ISO 8601, here and below. */
  readonly createdAt: string
  readonly expiresAt?: string
  readonly revokedAt?: string
  /** What it may do and whose use it is, as it was asked for. */
  readonly grants: Readonly<Record<string, unknown>>
}

/** What administrators can do. Over HTTP it is `/admin/*`; the command line asks for the same. */
export interface AdminActs {
  listKeys(): Promise<readonly KeyView[]>
  /** Rejects with `invalid_request` that names every problem. */
  createKey(asked: Readonly<Record<string, unknown>>): Promise<{ readonly key: string; readonly created: KeyView }>
  /** @param id of a key, or its name where one active key has it */
  rotateKey(id: string, asked: Readonly<Record<string, unknown>>): Promise<{ readonly key: string; readonly created: KeyView }>
  changeKey(id: string, asked: Readonly<Record<string, unknown>>): Promise<KeyView>
  revokeKey(id: string): Promise<KeyView>
  usage(id: string): Promise<readonly Level[]>
  resetUsage(id: string): Promise<readonly Level[]>
}

/** Something an administrator did, or tried to do. */
export interface AdminAct {
  /** ISO 8601, UTC. */
  readonly at: string
  /** Who: what `adminGuard` says, or `token`. */
  readonly by: string
  /** `POST /admin/keys/{id}/rotate` */
  readonly act: string
  readonly target?: string
  /** HTTP status. */
  readonly status: number
}

export interface AdminOptions {
  readonly acts: AdminActs
  readonly clock: Clock
  readonly token: string | undefined
  /** The host's own login: who administers, by name, or nobody. */
  readonly guard: ((host: unknown) => string | false | null | undefined | Promise<string | false | null | undefined>) | undefined
  readonly readBody: (request: GatewayRequest) => Promise<Readonly<Record<string, unknown>>>
  readonly onAct: (act: AdminAct) => void
}

/** So many wrong tokens a minute are answered as such; after that nobody learns whether another one is wrong. */
const MOST_WRONG = 20
const WRONG_WITHIN_MS = 60_000

type Route = readonly [method: string, path: RegExp, act: string, run: (acts: AdminActs, id: string, body: Readonly<Record<string, unknown>>) => Promise<{ readonly status?: number; readonly body: unknown }>]

const KEY = '/admin/keys/([\\w.@%-]+)'
const routes: readonly Route[] = [
  ['GET', /^\/admin\/keys$/, 'GET /admin/keys', async (acts) => ({ body: { keys: await acts.listKeys() } })],
  ['POST', /^\/admin\/keys$/, 'POST /admin/keys', async (acts, _id, body) => made(await acts.createKey(body))],
  ['PATCH', new RegExp(`^${KEY}$`), 'PATCH /admin/keys/{id}', async (acts, id, body) => ({ body: await acts.changeKey(id, body) })],
  ['POST', new RegExp(`^${KEY}/rotate$`), 'POST /admin/keys/{id}/rotate', async (acts, id, body) => made(await acts.rotateKey(id, body))],
  ['POST', new RegExp(`^${KEY}/revoke$`), 'POST /admin/keys/{id}/revoke', async (acts, id) => ({ body: await acts.revokeKey(id) })],
  ['GET', new RegExp(`^${KEY}/usage$`), 'GET /admin/keys/{id}/usage', async (acts, id) => ({ body: { usage: await acts.usage(id) } })],
  ['POST', new RegExp(`^${KEY}/reset$`), 'POST /admin/keys/{id}/reset', async (acts, id) => ({ body: { usage: await acts.resetUsage(id) } })],
]

function made({ key, created }: { readonly key: string; readonly created: KeyView }): { status: number; body: unknown } {
  return { status: 201, body: { key, ...created } }
}

/** The HTTP face of what administrators can do. */
export class Admin {
  readonly #options: AdminOptions
  readonly #wrong: SlidingCounts

  constructor(options: AdminOptions) {
    this.#options = options
    this.#wrong = new SlidingCounts(options.clock, WRONG_WITHIN_MS)
  }

  /** Whether the request is one for administrators. */
  static concerns({ path }: Pick<GatewayRequest, 'path'>): boolean {
    return path === '/admin' || path.startsWith('/admin/')
  }

  /** Rejects with what is to be refused; told to the audit whatever comes of it. */
  async handle(request: GatewayRequest): Promise<GatewayResponse> {
    const route = routes.find(([method, path]) => method === request.method && path.test(request.path))
    const by = await this.#principalOf(request)
    const target = route?.[1].exec(request.path)?.[1]
    const tell = (status: number): void => this.#options.onAct({ at: new Date(this.#options.clock.now()).toISOString(), by, act: route?.[2] ?? `${request.method} ${request.path}`, ...(target !== undefined && { target }), status })
    try {
      if (route === undefined) throw new GatewayError('unknown_path', `There is no ${request.method} ${request.path} here. Known: ${routes.map(([, , act]) => act).join(', ')}.`)
      const { status = 200, body } = await route[3](this.#options.acts, decodeURIComponent(target ?? ''), request.method === 'GET' ? {} : await this.#options.readBody(request))
      tell(status)
      return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body: JSON.stringify(body) }
    } catch (error) {
      tell(error instanceof GatewayError ? error.status : 500)
      throw error
    }
  }

  async #principalOf(request: GatewayRequest): Promise<string> {
    const { guard, token } = this.#options
    const name = await guard?.(request.host)
    if (typeof name === 'string' && name !== '') return name
    const presented = /^bearer\s+(\S+)\s*$/i.exec(request.header('authorization') ?? '')?.[1]
    if (token !== undefined && presented !== undefined && isSame(presented, token)) return 'token'
    if (this.#wrong.sums.all >= MOST_WRONG) throw new GatewayError('rate_limit_exceeded', 'Too many attempts to administer the gateway.', { retryAfterMs: WRONG_WITHIN_MS })
    this.#wrong.add({ all: 1, some: 0 })
    throw new GatewayError('invalid_api_key', 'This takes the admin token of the gateway, as "Authorization: Bearer <token>".')
  }
}

/** In the same time, whatever is wrong with it. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
