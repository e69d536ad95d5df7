import type { AdminAction, AdminGuard } from '../admin/index.ts'
import type { Quirks } from '../dialects/index.ts'
import type { Attribution, HostIdentify } from '../identity/index.ts'
import type { LimitAlert } from '../limits/index.ts'
import type { Logger, LogLevel } from '../log.ts'
import type {
  AwsCredentialsFunction,
  CloudKind,
  DialectName,
  GoogleCredentials,
  TokenSource,
} from '../providers/index.ts'
import type { RequestRecord } from '../records/index.ts'
import type { Store } from '../storage/index.ts'
import type { KeyLimitOptions, LimitOptions, ProviderLimitOptions } from './limit-options.ts'
import type { Duration } from './quantities.ts'
import type { ScalarOptions } from './scalar-options.ts'

/**
 * Options of a gateway. All are optional: provider keys found in the environment
 * are enough. Code wins over the environment, the environment over the file of `config`. Unknown
 * names are errors.
 */
export interface GatewayOptions<Host = unknown> extends ScalarOptions {
  /**
   * Providers by name. A known name only needs what differs from the catalogue, any other needs a
   * `baseUrl` or a `kind`. Env: `<NAME>_API_KEY`, `<NAME>_BASE_URL`, and `POSTERN_PROVIDER_<NAME>_`
   * with the option: `_BASE_URL`, `_API_KEY`, `_MODELS`, `_DIALECT`, `_KIND`, ...
   * @default every known provider whose key is in the environment
   */
  readonly providers?: Readonly<Record<string, ProviderOptions>>
  /**
   * Models of your own naming: the targets are tried in order. A list, or a text with commas. Env:
   * `POSTERN_ROUTE_<NAME>`, targets separated by commas.
   * @default none
   */
  readonly routes?: Readonly<Record<string, RouteOptions | readonly string[] | string>>
  /**
   * Virtual keys your clients present, by name. At least 16 characters; one that is not set
   * (`process.env.WEB_KEY`) is refused at the start. Env: `POSTERN_KEYS`, `name:key` pairs
   * separated by commas, a JSON object of this shape, or the path of a file that holds one or the
   * other (one pair per line).
   * @default none; outside production a development key is generated when there is no `identify`
   *   either
   */
  readonly keys?: Readonly<Record<string, string | undefined | KeyOptions>>
  /**
   * Your own login: the caller, from the host framework's request. `null`, `undefined` or `false`
   * falls back to virtual keys. An answer that is no caller, or takes longer than 10 s, is refused
   * with 500 `identify_failed`. Code only.
   */
  readonly identify?: HostIdentify<Host>
  /**
   * Targets that are not called for now: `provider/model` or `provider/*`, or a function that is
   * asked about each of them on every request. Env: `POSTERN_DISABLED` (a list).
   * @default none
   */
  readonly disabled?: readonly string[] | TargetFilter
  /**
   * Tokens of an identity provider (OpenID Connect) as credentials of callers, beside virtual keys.
   * Needs the package `jose`. `claims` says which claim says what:
   * `{ tenant: 'org_id', team: 'realm.team' }`; `id` is `sub` unless it says otherwise.
   */
  readonly jwt?: {
    readonly issuer: string
    readonly audience: string | readonly string[]
    /** Where the keys are published that tokens are signed with. */
    readonly jwksUrl: string
    readonly claims?: Readonly<Partial<Record<'id' | keyof Attribution | 'session', string>>>
  }
  /**
   * Your own login for `/admin/*`: the name of an administrator from the host framework's request,
   * or `{ name, mayChange }`. `null`, `undefined` or `false` falls back to `adminToken`; any other
   * answer is refused with 500 `identify_failed`.
   */
  readonly adminGuard?: AdminGuard<Host>
  /** Called with everything that is done, or tried, on `/admin/*`. */
  readonly onAdmin?: (act: AdminAction) => void
  /**
   * Limits and budgets: `[{ unit: 'tokens', window: 'minute', limit:
   * 100_000, scope: 'team' }]`. A request takes from every limit that concerns it in one step, or
   * is refused (429, for `usd` 402).
   */
  readonly limits?: readonly LimitOptions[]
  /**
   * Dollars for a million tokens, by `provider/model` or `provider/*`. A model without a price is
   * refused where a hard limit in `usd` applies.
   * @default those of the list that comes with the gateway
   */
  readonly prices?: Readonly<
    Record<
      string,
      {
        readonly input: number
        readonly output: number
        readonly cached?: number
        readonly cacheWrite?: number
        readonly cacheWriteHour?: number
        readonly surcharge?: number
      }
    >
  >
  /** Called when so much of a limit is used that its `alertAt` says so. */
  readonly onAlert?: (alert: LimitAlert) => void
  /**
   * Where that is counted: `memory`, `sqlite:./postern.db`, `redis://...` (with `@postern/redis`
   * installed), or a store such as `redisStore({ client })`. Env: `POSTERN_STORE`.
   * @default the Redis of `REDIS_URL` when that is set, or memory, where every process counts for
   *   itself
   */
  readonly store?: string | Store
  /**
   * How much is written to standard error, or a logger of yours. Env: `POSTERN_LOG` (levels only).
   * @default 'warn'
   */
  readonly log?: LogLevel | Logger
  /** Called with the record of every request, when it has ended. Code only. */
  readonly onRecord?: (record: RequestRecord) => void
}

/** True for a target to skip. A filter that throws skips no target. */
export type TargetFilter = (target: {
  readonly provider: string
  readonly model: string
  readonly route: string | undefined
}) => boolean

export interface ProviderOptions {
  /** Address the dialect's paths are appended to, such as `http://127.0.0.1:8000/v1`. */
  readonly baseUrl?: string
  /** Sent to this provider only. */
  readonly apiKey?: string | undefined
  /**
   * Several keys, used in turn by their weight (1 unless given). One that is refused, used up or
   * limited is left alone for a while, and the others go on. Env:
   * `POSTERN_PROVIDER_<NAME>_API_KEYS` (a list).
   */
  readonly apiKeys?: readonly (string | { readonly key: string; readonly weight?: number })[]
  /**
   * Keys that tenants bring, by tenant: each is used for calls of its tenant only.
   */
  readonly tenantKeys?: Readonly<Record<string, string>>
  /**
   * Callers of other tenants, and of none, are served with the key of the provider, or not at all.
   * @default 'share'
   */
  readonly tenantsWithoutKey?: 'share' | 'refuse'
  /**
   * Wire format the provider speaks.
   * @default 'openai-chat', or what the catalogue says
   */
  readonly dialect?: DialectName
  /**
   * Additional wire formats: clients that speak one of them are relayed instead of translated.
   * @default what the catalogue says
   */
  readonly alsoSpeaks?: readonly DialectName[]
  /** Sent with every call. One that names the credential header replaces it. */
  readonly headers?: Readonly<Record<string, string>>
  /** Model ids it serves: they are listed, and found without `provider/`. */
  readonly models?: readonly string[]
  /** Where the service deviates from its dialect. */
  readonly quirks?: Quirks
  /**
   * Limits that the provider sets for each of your keys: a target at its limit is skipped or waited
   * for.
   */
  readonly limits?: readonly ProviderLimitOptions[]
  /**
   * A cloud whose calls take more than a key. The dialect follows from it, and the options below
   * are its own.
   * @default the name, where it is one of these
   */
  readonly kind?: CloudKind
  /**
   * `azure`: name of the resource, what its host begins with. A `baseUrl` says the same in full.
   */
  readonly resource?: string
  /**
   * `azure`: a date (`2024-10-21`, `2025-04-01-preview`) chooses the older interface, whose
   * addresses name a deployment.
   * @default the current interface, which needs none
   */
  readonly apiVersion?: string
  /**
   * `azure`, `vertex`: gives an access token. Asked on every call, so it caches its token itself,
   * as `getBearerTokenProvider` of `@azure/identity` does. Goes before `apiKey`. Code only.
   */
  readonly token?: TokenSource
  /** `vertex`: id of the project. @default the service account's own */
  readonly project?: string
  /** `vertex`: location of the models. @default 'global' */
  readonly location?: string
  /**
   * `vertex`: path of a credentials file, or what it holds. Anything but a service account needs
   * `google-auth-library`. `bedrock`: a function that returns current credentials, such as a
   * credential provider of the AWS SDK; code only.
   */
  readonly credentials?: string | GoogleCredentials | AwsCredentialsFunction
  /** `bedrock`: region of the models. */
  readonly region?: string
  /** `bedrock`: a key pair that signs the calls, where there is no `apiKey`. */
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  /** `bedrock`: belongs to a key pair that ends. */
  readonly sessionToken?: string
}

export interface RouteOptions extends Pick<
  ScalarOptions,
  | 'retries'
  | 'timeout'
  | 'attemptTimeout'
  | 'ttftTimeout'
  | 'idleTimeout'
  | 'unsupported'
  | 'fallbackOn'
  | 'overBudget'
  | 'onClientLeave'
> {
  /** `provider/model`, in the order they are tried. */
  readonly targets: readonly string[] | string
  /**
   * Asks the next target as well when the first has not begun to answer after this time, or (`p95`)
   * when it takes longer than 95 of 100 of its last 64 answers (never while fewer than 10 are
   * known); the first to answer is taken, the other call ends. Costs what the other call costs.
   * @default never
   */
  readonly hedgeAfter?: Duration | 'p95'
  /**
   * A broken text stream is continued by the next target that can continue an assistant turn (the
   * quirk `continuesTurn`), marked with a comment in the stream and `stream-continued` in the
   * record.
   * @default false
   */
  readonly continueStreams?: boolean
}

/** A virtual key. Whose use it is counts beside the key itself. */
export interface KeyOptions extends Attribution {
  /**
   * The secret that the client sends; at least 16 characters. `undefined`, as an unset variable of
   * `process.env`, is refused at the start.
   */
  readonly key: string | undefined
  /** Routes the key may use. Absent: all. */
  readonly routes?: readonly string[]
  /**
   * Models the key may use, as `provider/model` or `provider/*`. Absent: all, unless `routes` is
   * given.
   */
  readonly models?: readonly string[]
  /**
   * Paths the key may call, such as `/v1/chat/completions`; one that ends with `*` stands for all
   * that begin so. Absent: all.
   */
  readonly endpoints?: readonly string[]
  /**
   * Tokens of output that one of its requests may get: a larger bound becomes this one, and where
   * there is none it is set.
   */
  readonly maxOutputTokens?: number
  /**
   * Attributes that its clients may set in `x-postern-tenant`, `-team`, `-user`, `-feature` and
   * `-tag`, over what is written here.
   */
  readonly mayName?: readonly (keyof Attribution)[]
  /**
   * Its clients may report calls that went around the gateway (`POST /v1/usage-reports`,
   * `@postern/client`), which are counted against the limits of this key alone.
   * @default false
   */
  readonly mayReport?: boolean
  /**
   * Its clients name their sessions in the header `x-postern-session`, and have to. Otherwise what
   * a conversation begins with tells sessions apart.
   */
  readonly sendsSession?: boolean
  /** How much the key may use. */
  readonly limits?: readonly KeyLimitOptions[]
}
