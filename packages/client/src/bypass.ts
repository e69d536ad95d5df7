import { Reports, type UsageReport } from './reports.ts'
import { watchUsage } from './usage.ts'

type Fetch = typeof globalThis.fetch

/** Provider to call when the gateway is down. */
export interface DirectProvider {
  /**
   * Name of the provider as the gateway knows it: what stands before the slash in `provider/model`.
   */
  readonly provider: string
  /** Where its API begins; what stands behind the gateway's own `baseURL` is put after it. */
  readonly baseURL: string
  /**
   * Its key, or a function that gives it. Sent to this provider only. A key that is not set is an
   * error at once: an unset variable would be missed in an outage only.
   */
  readonly apiKey: string | undefined | (() => string | Promise<string>)
  /** How it wants its key. @default 'bearer' */
  readonly auth?: 'bearer' | 'x-api-key' | 'x-goog-api-key'
  /** Sent with every direct call. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Its own model for a route or model of the gateway; `provider/model` needs no entry. Whatever
   * other model does not bypass the gateway.
   */
  readonly models?: Readonly<Record<string, string>>
}

export interface BypassOptions {
  readonly gateway: {
    /** As the SDK has it: `https://app.example/llm/v1`. */
    readonly baseURL: string
    /**
     * A virtual key with the right `mayReport`: bypassed calls are reported to the gateway later.
     */
    readonly apiKey: string
    /** @default the global one */
    readonly fetch?: Fetch
  }
  readonly direct: DirectProvider
  /**
   * How long a gateway that could not be reached is not tried again. Milliseconds. @default 5000
   */
  readonly retryAfterMs?: number
  /** Reports kept for the gateway; the oldest are dropped beyond. @default 1000 */
  readonly maxReports?: number
  /**
   * Called for every call that bypasses the gateway. Its result is not waited for, and its
   * failure fails no call.
   */
  readonly onBypass?: (event: BypassEvent) => void
  /** For tests. @default Date.now */
  readonly now?: () => number
}

export interface BypassEvent {
  readonly reason: 'unreachable' | 'allowed'
  /** The provider's own model id. */
  readonly model: string
}

/** A drop-in for `fetch`, for any SDK that takes one. */
export interface Bypass extends Fetch {
  /** Reports that wait to be sent. */
  readonly pending: number
  /**
   * Lost reports: more than `maxReports` waited, or the gateway refused them for good.
   */
  readonly dropped: number
  /** Sends reports now. Resolves when they are sent, or could not be; never rejects. */
  flush(): Promise<void>
}

const BYPASS_HEADER = 'x-postern-bypass'

/**
 * Whether the gateway itself says that it may be gone around: a 503 that allows it, and nothing
 * else.
 */
export function isBypassAllowed(response: Pick<Response, 'status' | 'headers'>): boolean {
  return response.status === 503 && response.headers.get(BYPASS_HEADER) === 'allowed'
}

/**
 * Calls the gateway, and the provider itself when the gateway cannot be reached or says that it may
 * be gone around. Every refusal of the gateway is final: limits, budgets, guardrails and errors of
 * providers are never gone around, nor is an answer that has begun. Each key is sent to its owner
 * only. What went around is reported to the gateway when it is back. Throws a `TypeError` when
 * `direct.apiKey` is not set.
 *
 * @example const client = new OpenAI({ baseURL, apiKey, fetch: withBypass({ gateway: { baseURL,
 *   apiKey }, direct: { provider: 'openai', baseURL: 'https://api.openai.com/v1', apiKey:
 *   process.env.OPENAI_API_KEY } }) })
 */
export function withBypass(options: BypassOptions): Bypass {
  const bypass = new Bypassing(options)
  const drop = (input: Parameters<Fetch>[0], init?: RequestInit): Promise<Response> =>
    bypass.fetch(input, init)
  return Object.defineProperties(drop, {
    pending: { get: () => bypass.reports.pending },
    dropped: { get: () => bypass.reports.dropped },
    flush: { value: () => bypass.reports.flush() },
  }) as Bypass
}

interface Detour {
  readonly url: string
  readonly model: string
  readonly body: RequestInit['body']
}

class Bypassing {
  readonly reports: Reports
  readonly #options: BypassOptions
  readonly #fetch: Fetch
  readonly #now: () => number
  #notBefore = 0
  #isProbing = false
  #count = 0
  readonly #origin = Math.random().toString(36).slice(2)

  constructor(options: BypassOptions) {
    const { apiKey, provider } = options.direct
    if (apiKey === undefined || apiKey === '')
      throw new TypeError(
        `withBypass: direct.apiKey of ${provider} is not set. Set it, or the environment variable that it is read from.`,
      )
    this.#options = options
    this.#fetch = options.gateway.fetch ?? ((input, init) => globalThis.fetch(input, init))
    this.#now = options.now ?? Date.now
    this.reports = new Reports({
      most: options.maxReports ?? 1000,
      now: this.#now,
      send: (batch) => this.#report(batch),
    })
  }

  async fetch(input: Parameters<Fetch>[0], init: RequestInit = {}): Promise<Response> {
    const detour = this.#detourOf(input, init)
    if (detour !== undefined && this.#isKnownToBeGone())
      return this.#goAround(detour, init, 'unreachable')
    try {
      const response = await this.#fetch(input, init)
      this.#notBefore = 0
      this.#isProbing = false
      if (detour === undefined || !isBypassAllowed(response)) {
        if (response.ok) this.reports.flushIfDue()
        return response
      }
      await response.body?.cancel()
      return await this.#goAround(detour, init, 'allowed')
    } catch (error) {
      if (detour === undefined || init.signal?.aborted === true || !wasNeverSent(error)) throw error
      this.#notBefore = this.#now() + (this.#options.retryAfterMs ?? 5_000)
      this.#isProbing = false
      return this.#goAround(detour, init, 'unreachable')
    }
  }

  /** After the wait one call finds out, while the others still go around. */
  #isKnownToBeGone(): boolean {
    if (this.#notBefore === 0) return false
    if (this.#now() < this.#notBefore || this.#isProbing) return true
    this.#isProbing = true
    return false
  }

  /**
   * How this call would go around; `undefined` for one that cannot: its body can be sent once only,
   * or its model is unknown there.
   */
  #detourOf(
    input: Parameters<Fetch>[0],
    { body, method = 'POST' }: RequestInit,
  ): Detour | undefined {
    const { gateway, direct } = this.#options
    const url = input instanceof Request ? undefined : String(input)
    const base = gateway.baseURL.replace(/(?<!\/)\/+$/, '')
    if (
      url === undefined ||
      method.toUpperCase() !== 'POST' ||
      !(url === base || url.startsWith(`${base}/`)) ||
      typeof body !== 'string'
    )
      return undefined
    const asked = parse(body)
    const model = asked && this.#modelFor(asked['model'])
    if (asked === undefined || model === undefined) return undefined
    return {
      url: direct.baseURL.replace(/(?<!\/)\/+$/, '') + url.slice(base.length),
      model,
      body: JSON.stringify({ ...asked, model }),
    }
  }

  #modelFor(asked: unknown): string | undefined {
    if (typeof asked !== 'string') return undefined
    const { provider, models = {} } = this.#options.direct
    if (Object.hasOwn(models, asked)) return models[asked]
    return asked.startsWith(`${provider}/`) && asked.length > provider.length + 1
      ? asked.slice(provider.length + 1)
      : undefined
  }

  #notify(event: BypassEvent): void {
    try {
      const result: unknown = this.#options.onBypass?.(event)
      Promise.resolve(result).catch(() => undefined)
    } catch {
      // A callback that throws does not fail the call.
      return
    }
  }

  async #goAround(
    detour: Detour,
    init: RequestInit,
    reason: BypassEvent['reason'],
  ): Promise<Response> {
    const { direct } = this.#options
    this.#notify({ reason, model: detour.model })
    const key = typeof direct.apiKey === 'function' ? await direct.apiKey() : (direct.apiKey ?? '')
    const headers = new Headers(init.headers)
    // Whatever may hold the gateway's key stays here.
    for (const name of ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'cookie'])
      headers.delete(name)
    for (const name of Array.from(headers.keys()).filter((known) => known.startsWith('x-postern-')))
      headers.delete(name)
    headers.set(
      direct.auth === undefined || direct.auth === 'bearer' ? 'authorization' : direct.auth,
      direct.auth === undefined || direct.auth === 'bearer' ? `Bearer ${key}` : key,
    )
    for (const [name, value] of Object.entries(direct.headers ?? {})) headers.set(name, value)
    const at = new Date(this.#now()).toISOString()
    const response = await this.#fetch(detour.url, {
      ...init,
      headers,
      body: detour.body ?? null,
      redirect: 'error',
    })
    const report = (usage: UsageReport['usage']): void => {
      this.#count += 1
      this.reports.add({
        id: `bypass_${this.#origin}_${this.#count}`,
        at,
        provider: direct.provider,
        model: detour.model,
        status: response.status,
        ...(usage && { usage }),
      })
    }
    const marked = new Headers(response.headers)
    marked.set('x-postern-bypassed', 'true')
    // `fetch` has decoded the body already.
    marked.delete('content-encoding')
    marked.delete('content-length')
    if (response.body === null) report(undefined)
    const body = response.body && watchUsage(response.body, report)
    return new Response(body, {
      status: response.status,
      statusText: response.statusText,
      headers: marked,
    })
  }

  async #report(reports: readonly UsageReport[]): Promise<'taken' | 'refused' | 'later'> {
    const { baseURL, apiKey } = this.#options.gateway
    const response = await this.#fetch(`${baseURL.replace(/(?<!\/)\/+$/, '')}/usage-reports`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ reports }),
    })
    await response.body?.cancel()
    if (response.ok) return 'taken'
    return REFUSED_FOR_GOOD.has(response.status) ? 'refused' : 'later'
  }
}

/** The reports themselves are at fault. A key without the right to report (403) may be given it. */
const REFUSED_FOR_GOOD: ReadonlySet<number> = new Set([400, 413, 422])

/** Failures of the connection itself: not a byte of the request has left. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function wasNeverSent(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown }
  if (NEVER_SENT.has(code)) return true
  // An address with several numbers fails with all of them together.
  if (Array.isArray(errors) && errors.length > 0) return errors.every(wasNeverSent)
  return cause !== undefined && wasNeverSent(cause)
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    // A body that is no JSON is refused by the gateway.
    return undefined
  }
}
