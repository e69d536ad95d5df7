import type { Clock } from '../clock.ts'
import type { StreamRelay } from '../dialects/index.ts'
import type { GatewayError } from '../errors.ts'
import type { Provider } from '../providers/index.ts'
import type { AttemptProgress } from './attempt-usage.ts'
import type { Cancellation } from './cancellation.ts'
import type { StreamBudget } from './stream-budget.ts'
import type { UpstreamCall } from './transport.ts'

export interface AnswerStreamOptions<Stream> {
  readonly call: UpstreamCall
  readonly relay: StreamRelay
  /** Bytes read up to the commit point. */
  readonly first: (Uint8Array | string)[]
  readonly cancellation: Cancellation
  readonly clock: Pick<Clock, 'setTimer' | 'monotonic'>
  /** For a stream that is handed over before its first content. */
  readonly firstContentBy?: FirstContentBy | undefined
  /** Where the stream writes down when content came. */
  readonly progress?: AttemptProgress | undefined
  /** Said while the provider says nothing. */
  readonly heartbeat?: string | undefined
  readonly idleTimeoutMs: number
  readonly answerLimitBytes: number
  readonly provider: Pick<Provider, 'name' | 'redact'>
  /** It is read to its end although its client has left. */
  readonly finishesWithoutClient: boolean
  /** How much of it is paid for; all of it when absent. */
  readonly streamBudget?: StreamBudget | undefined
  /**
   * Called when the provider fails: returns the stream of another target, of the same relay, that
   * continues where this one broke off.
   */
  readonly onBreak?:
    | ((failure: GatewayError) => Promise<Stream | undefined> | undefined)
    | undefined
  /** Told once, when nothing more comes. */
  readonly onFinish?: (failure: GatewayError | undefined) => void
}

/** Latest moment for the first content of a stream. */
export interface FirstContentBy {
  /** On the monotonic clock. */
  readonly at: number
  /** The limit it comes from, for messages. */
  readonly limitMs: number
}
