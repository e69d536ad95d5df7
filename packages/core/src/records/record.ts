import type { Finish, Usage } from '../dialects/index.ts'
import type { EstimateReason } from '../dispatch/index.ts'
import type { AttemptSummary, ErrorCode } from '../errors.ts'
import { type Attribution, attributionOf, type Caller, type Credential } from '../identity/index.ts'

/**
 * Token counts of one answer. Integers; input includes cached tokens, output includes reasoning.
 */
export interface RecordedUsage {
  /** The provider has not told it. */
  readonly estimated?: true
  /**
   * Why it is an estimate: `answer_unread`, `stream_unfinished`, `reasoning_hidden` or
   * `usage_missing`.
   */
  readonly because?: EstimateReason
  readonly input: number
  readonly output: number
  readonly cached?: number
  /** Written to the prompt cache. */
  readonly cacheWrite?: number
  /** Of `cacheWrite`, what is kept for an hour. */
  readonly cacheWriteLong?: number
  readonly reasoning?: number
}

/** Record of one request. No prompt, no answer, no key. */
export interface RequestRecord {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** The host's own id of the request: its middleware's, or the header `x-request-id`. */
  readonly hostRequestId?: string
  /** The header `traceparent` of the request (W3C Trace Context). */
  readonly traceparent?: string
  readonly endpoint: string
  /** The caller; absent when none could be identified. */
  readonly caller?: { readonly id: string } & Attribution
  /**
   * Kind of the credential that named the caller: ids of different kinds are different callers.
   * `made`: a key of `/admin/keys`; `host`: `identify`.
   */
  readonly credential?: Credential
  /** The model as the client named it. */
  readonly model?: string
  readonly route?: string
  /** `provider/model` that answered. */
  readonly target?: string
  readonly stream: boolean
  /** HTTP status sent, or 499 when the client left first. */
  readonly status: number
  /** `ok`, or why it failed: `client_closed`, `upstream_truncated`, ... */
  readonly code: ErrorCode | 'ok'
  readonly attempts: readonly AttemptSummary[]
  /**
   * Of the answer; where there was none, of all attempts that the provider may charge for. Absent
   * where nothing is counted in tokens.
   */
  readonly usage?: RecordedUsage
  /** Finish reason of each choice. */
  readonly finishReasons: readonly string[]
  /** Parts of the request that the target could not take. */
  readonly dropped: readonly string[]
  /**
   * Fallback decisions made for this request: `circuit-open`, `target-cooling`, ...
   */
  readonly degraded: readonly string[]
  readonly timings: { readonly totalMs: number; readonly firstEventMs?: number }
}

/** Facts of a finished request that its record is made of. */
export interface FinishedRequest {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly trace: {
    readonly hostRequestId?: string | undefined
    readonly traceparent?: string | undefined
  }
  readonly endpoint: string
  readonly caller: (Caller & { readonly credential: Credential }) | undefined
  readonly operation: { readonly model?: string | undefined; readonly stream: boolean } | undefined
  readonly route: string | undefined
  readonly target: string | undefined
  readonly attempts: readonly AttemptSummary[]
  readonly dropped: readonly string[]
  readonly degraded: ReadonlySet<string>
  readonly committedAfterMs: number | undefined
}

/** How a request ended. */
export interface Outcome {
  readonly status: number
  readonly code: ErrorCode | 'ok'
  readonly usage?: Usage | undefined
  /** Why the usage is an estimate; absent where the provider has told it. */
  readonly usageEstimated?: EstimateReason | undefined
  readonly finishes?: readonly Finish[] | undefined
}

/** Makes the record of a finished request. */
export function recordOf(
  exchange: FinishedRequest,
  outcome: Outcome,
  totalMs: number,
): RequestRecord {
  const { caller, operation, usage } = { ...exchange, usage: outcome.usage }
  return {
    id: exchange.id,
    at: new Date(exchange.startedAt).toISOString(),
    ...defined({
      hostRequestId: exchange.trace.hostRequestId,
      traceparent: exchange.trace.traceparent,
    }),
    endpoint: exchange.endpoint,
    ...(caller === undefined ? {} : { caller: callerOf(caller), credential: caller.credential }),
    ...defined({ model: operation?.model, route: exchange.route, target: exchange.target }),
    stream: operation?.stream ?? false,
    status: outcome.status,
    code: outcome.code,
    attempts: exchange.attempts,
    ...(usage === undefined
      ? {}
      : {
          usage: {
            ...(outcome.usageEstimated !== undefined && {
              estimated: true as const,
              because: outcome.usageEstimated,
            }),
            ...usageOf(usage),
          },
        }),
    finishReasons: outcome.finishes?.map((finish) => finish.reason) ?? [],
    dropped: exchange.dropped,
    degraded: [...exchange.degraded],
    timings: defined({ totalMs, firstEventMs: exchange.committedAfterMs }),
  }
}

/** The caller without its permissions. */
export function callerOf(caller: Caller): NonNullable<RequestRecord['caller']> {
  return { id: caller.id, ...attributionOf(caller) }
}

/** The counts alone: other fields of a provider's usage may hold anything. */
export function usageOf({
  inputTokens,
  outputTokens,
  cachedTokens,
  cacheWriteTokens,
  longCacheWriteTokens,
  reasoningTokens,
}: Usage): RecordedUsage {
  return defined({
    input: inputTokens,
    output: outputTokens,
    cached: cachedTokens,
    cacheWrite: cacheWriteTokens,
    cacheWriteLong: longCacheWriteTokens,
    reasoning: reasoningTokens,
  })
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<T>
}
