import type { ModelPrice } from '../billing/index.ts'
import type { AdminAction, AdminGuard } from '../admin/index.ts'
import type { FailMode, Limit, LimitAlert } from '../limits/index.ts'
import type { Store } from '../storage/index.ts'
import type { ErrorCode } from '../errors.ts'
import type { Attribution, Caller, HostIdentify, JwtSettings } from '../identity/index.ts'
import type { RequestRecord } from '../records/index.ts'
import type { Logger, LogLevel } from '../log.ts'
import type { Provider } from '../providers/index.ts'
import type { TargetFilter } from './options.ts'
import type { TraceHeader } from '../http/index.ts'

/** Everything configured, resolved and checked once. Frozen; printing it shows no secret. */
export interface Settings {
  readonly providers: ReadonlyMap<string, Provider>
  readonly routes: ReadonlyMap<string, RouteSettings>
  readonly keys: readonly KeySettings[]
  /**
   * `keys`: virtual keys, after the host's `identify` where there is one; `identify-only`: nothing
   * else; `none`: open.
   */
  readonly auth: 'keys' | 'none' | 'identify-only'
  /** No authentication is configured outside production: a development key is generated. */
  readonly needsDevelopmentKey: boolean
  /** `NODE_ENV` is `production`. */
  readonly production: boolean
  readonly identify: HostIdentify<never> | undefined
  readonly retries: number
  readonly timeoutMs: number
  /** Derived for each attempt when absent. */
  readonly attemptTimeoutMs: number | undefined
  readonly ttftTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly dropUnsupported: boolean
  readonly fallbackOn: ReadonlySet<ErrorCode>
  readonly overBudget: 'refuse' | 'bound'
  readonly onClientLeave: 'cancel' | 'finish'
  /** Targets that are not called for now. */
  readonly isDisabled: TargetFilter | undefined
  readonly hasCircuitBreaker: boolean
  readonly connectTimeoutMs: number
  readonly limits: readonly Limit[]
  /** By the name of the provider. */
  readonly providerLimits: ReadonlyMap<string, readonly Limit[]>
  readonly onAlert: ((alert: LimitAlert) => void) | undefined
  readonly alertWebhook: string | undefined
  readonly jwt: JwtSettings | undefined
  /** Infinite when no loop is looked for. */
  readonly loopLimit: number
  readonly wrongKeysPerAddress: number
  readonly wrongKeys: number
  readonly adminRequests: number
  readonly adminToken: string | undefined
  readonly adminGuard: AdminGuard<never> | undefined
  readonly onAdmin: ((act: AdminAction) => void) | undefined
  /** By `provider/model` or `provider/*`. */
  readonly prices: ReadonlyMap<string, ModelPrice>
  /** A store made by code, or where one is. */
  readonly store: Store | string
  /** The store is implied: `REDIS_URL`, which may be meant for another program, or the default. */
  readonly isStoreImplied: boolean
  readonly limitFailMode: FailMode
  readonly budgetFailMode: FailMode
  /** Infinite when nothing is shed. */
  readonly eventLoopLagLimitMs: number
  readonly bodyLimitBytes: number
  readonly answerLimitBytes: number
  readonly eventLimitBytes: number
  readonly log: LogLevel | Logger
  /** Headers of the host's request that providers are sent. */
  readonly forwardTrace: ReadonlySet<TraceHeader>
  readonly onRecord: ((record: RequestRecord) => void) | undefined
  /** `''`, or a path that begins with a slash and does not end with one. */
  readonly prefix: string
  /** Absolute path of the configuration file, to watch. */
  readonly configPath: string | undefined
}

export interface RouteSettings {
  readonly name: string
  readonly targets: readonly { readonly provider: string; readonly model: string }[]
  readonly retries: number
  readonly timeoutMs: number
  /** Derived for each attempt when absent. */
  readonly attemptTimeoutMs: number | undefined
  readonly ttftTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly dropUnsupported: boolean
  readonly fallbackOn: ReadonlySet<ErrorCode>
  readonly overBudget: 'refuse' | 'bound'
  readonly onClientLeave: 'cancel' | 'finish'
  readonly hedgeAfterMs: number | 'p95' | undefined
  readonly continueStreams: boolean | undefined
}

export interface KeySettings {
  readonly name: string
  /** The secret itself; not an enumerable property. */
  readonly key: string
  readonly routes: readonly string[] | undefined
  readonly models: readonly string[] | undefined
  readonly attribution: Pick<
    Caller,
    keyof Attribution | 'sendsSession' | 'mayReport' | 'mayName' | 'maxOutputTokens' | 'endpoints'
  >
}
