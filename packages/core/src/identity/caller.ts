/** Attribution of a request, for records and limits. */
export interface Attribution {
  /** Nothing crosses the border between two tenants. */
  readonly tenant?: string
  readonly team?: string
  readonly user?: string
  /** Part of the host application the call is made for. */
  readonly feature?: string
  /** Free label of requests: a product, an experiment, an environment. */
  readonly tag?: string
}

export const attributes = [
  'tenant',
  'team',
  'user',
  'feature',
  'tag',
] as const satisfies readonly (keyof Attribution)[]

/** The attribution of a caller, without its permissions. */
export function attributionOf(caller: Attribution | undefined): Attribution {
  const found: Partial<Record<keyof Attribution, string>> = {}
  for (const name of attributes) if (caller?.[name] !== undefined) found[name] = caller[name]
  return found
}

/**
 * The caller, from a virtual key or the host's login. A request header can never change it.
 */
export interface Caller extends Attribution {
  /** Stable id of the caller, for records and limits: the key's name, or the host's own user id. */
  readonly id: string
  /** The run of an agent that the request belongs to, where the host knows. */
  readonly session?: string
  /**
   * Attributes it may set in `x-postern-tenant`, `-team`, `-user`, `-feature` and `-tag`. These
   * headers are ignored for other callers.
   */
  readonly mayName?: readonly (keyof Attribution)[]
  /**
   * It may report calls that went around the gateway (`POST /v1/usage-reports`), which are counted
   * against its own limits. @default false
   */
  readonly mayReport?: boolean
  /** It names its sessions itself, in the header `x-postern-session`, and has to. */
  readonly sendsSession?: boolean
  /** Routes this caller may use. Absent: all. */
  readonly routes?: readonly string[]
  /**
   * Models this caller may use, as `provider/model` or `provider/*`. Absent: all, unless `routes`
   * is given.
   */
  readonly models?: readonly string[]
  /**
   * Paths this caller may call; one that ends with `*` stands for all that begin so. Absent: all.
   */
  readonly endpoints?: readonly string[]
  /** Tokens of output that one request of this caller may ask for. */
  readonly maxOutputTokens?: number
  /** How much this caller may use, beside what the configuration says. */
  readonly limits?: readonly CallerLimit[]
}

/** As an entry of `limits` in the configuration of a key. */
export interface CallerLimit {
  readonly unit: 'requests' | 'input-tokens' | 'output-tokens' | 'tokens' | 'usd' | 'concurrency'
  readonly limit: number
  readonly window?: 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'total'
  readonly sliding?: number | string
  readonly timeZone?: string
  readonly mode?: 'hard' | 'soft'
}

/**
 * The host's own login. Falsy answers (`null`, `undefined`, `false`) leave it to virtual keys and
 * tokens; anything else but an object with an `id` is refused with 500 `identify_failed`, and so is
 * an answer that takes longer than 10 seconds.
 */
export type HostIdentify<Host> = (host: Host) => HostAnswer | Promise<HostAnswer>

type HostAnswer = Caller | false | null | undefined
