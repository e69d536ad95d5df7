import type { Observation, StreamRelay, Translation } from '../dialects/index.ts'
import type { AnswerStream } from './answer-stream.ts'
import type { AttemptProgress } from './attempt-usage.ts'
import type { Cancellation } from './cancellation.ts'
import type { DispatchDeps } from './deps.ts'
import type { StreamBudget } from './stream-budget.ts'
import type { ResponseHead } from './transport.ts'
import type { GatewayError } from '../errors.ts'
import type { PlanLimits, Target } from '../routing/index.ts'

/** One call to one target. */
export interface Attempt {
  readonly target: Target
  readonly translation: Translation
  readonly limits: PlanLimits
  /** Additional headers; headers of the provider's configuration win. */
  readonly traceHeaders?: Readonly<Record<string, string>> | undefined
  readonly cancellation: Cancellation
  /**
   * Whether a body that can be sent only once has begun to leave: nothing can be tried after that.
   */
  readonly upload: { isSpent: boolean }
  readonly deps: DispatchDeps
  /**
   * Clock of a whole answer, in milliseconds; the deadline of the request alone bounds it when
   * absent.
   */
  readonly attemptTimeoutMs?: number | undefined
  /**
   * Another target could take over: a stream that is open and says nothing is waited for longer.
   */
  readonly hasAlternative: boolean
  /** Where the attempt writes down when what happened. */
  readonly progress: AttemptProgress
  /** Told what the target's answer begins with. */
  readonly onHeaders: (headers: ResponseHead['headers']) => void
  /** How much of a stream is paid for; all of it when absent. */
  readonly streamBudget?: StreamBudget | undefined
  /** Asked when a stream breaks: see `AnswerStreamOptions.onBreak`. */
  readonly onBreak?: (
    relay: StreamRelay,
    failure: GatewayError,
  ) => Promise<AnswerStream | undefined> | undefined
  /** Told how a stream ended: the call is over only then. */
  readonly onStreamEnd: (failure: GatewayError | undefined) => void
}

/** The target has answered: from here on nothing is tried again. */
export interface UpstreamResponse {
  readonly target: Target
  readonly dropped: readonly string[]
  /**
   * Headers of the provider that the client gets: the content type, and for bytes the headers that
   * describe them.
   */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | AnswerStream | null
  /** Live while a stream runs. */
  readonly observation: Observation
  /** HTTP status of the provider. */
  readonly status: number
  /** Set when the provider has refused, and its refusal passes as it is. */
  readonly refusal?: GatewayError
  /** Answered without a call. */
  readonly isLocal?: boolean
}
