import {
  type Observation,
  type Operation,
  outputExpected,
  type StreamRelay,
  type Usage,
} from '../dialects/index.ts'
import { reasoningHabitOf } from '../providers/index.ts'
import type { Target } from '../routing/index.ts'

/**
 * Why the usage of an attempt is an estimate:
 *
 * - `answer_unread`: a whole answer that was not read to its end; it counts as its reservation
 * - - `stream_unfinished`: a stream that broke off; it counts what was shown, and what can have
 *   been made until the provider knew
 * - - `reasoning_hidden`: the same of a model that does not show its reasoning; it counts as its
 *   reservation
 * - `usage_missing`: the answer is whole, and its provider has not told its usage
 */
export type EstimateReason =
  | 'answer_unread'
  | 'stream_unfinished'
  | 'reasoning_hidden'
  | 'usage_missing'

/** Usage of one attempt, as far as it is known. */
export interface AttemptUsage {
  /** `provider/model` */
  readonly target: string
  readonly usage: Usage
  /** Absent where the provider has told it. */
  readonly estimated?: EstimateReason | undefined
  /** It is that of the answer, or of the last part of one; others have failed, or lost a race. */
  readonly isOfAnswer: boolean
}

/** When what happened in an attempt, on the monotonic clock; written as it happens. */
export interface AttemptProgress {
  /** The request began to leave. */
  sentAt?: number
  /** Content came for the first time, and for the last. */
  firstContentAt?: number
  lastContentAt?: number
  /** The gateway ended the stream itself: the client got the same numbers. */
  isCut?: boolean
}

/** Content has come. What a stream opens with, before it says anything, is none. */
export function noteContent(
  progress: AttemptProgress,
  relay: Pick<StreamRelay, 'hasContent'>,
  nowMs: number,
): void {
  if (relay.hasContent === false) return
  progress.firstContentAt ??= nowMs
  progress.lastContentAt = nowMs
}

export interface EndedAttempt {
  readonly operation: Operation
  readonly target: Target
  readonly progress: AttemptProgress
  readonly nowMs: number
  /**
   * Tokens of output reserved for the request, where limits reserve them. @default the largest it
   * asks for
   */
  readonly reserved?: number | undefined
  /** Observed usage and finish of the answer; absent when none came. */
  readonly observation?:
    | (Observation & { readonly complete?: boolean; readonly events?: number })
    | undefined
}

/**
 * From the moment a call is ended until its provider stops: half the way there, and noticing it.
 */
const NOTICE_MS = 500
/** As much as most models write in that time. */
const LEAST_UNSEEN_TOKENS = 64
/** No model reasons faster where nothing is known of it. */
const HIDDEN_TOKENS_PER_SECOND = 500
/**
 * Output tokens assumed for a whole answer, or for a stream with hidden reasoning, when the request
 * sets no bound.
 */
const UNBOUNDED_TOKENS_PER_SECOND = 250

/** Most that an attempt may have cost; `undefined` when its request was not sent. */
export function usageOfAttempt(
  attempt: EndedAttempt,
): Pick<AttemptUsage, 'usage' | 'estimated'> | undefined {
  const { operation, observation: answer, progress } = attempt
  if (progress.sentAt === undefined) return undefined
  const observation = answer?.ownShare ?? answer
  const told = observation?.usage
  const isComplete = answer !== undefined && answer.complete !== false
  const hasEnded =
    isComplete ||
    (progress.isCut !== true &&
      (observation?.finishes.length ?? 0) >= (operation.requestedOutput?.().choices ?? 1))
  if (told !== undefined && hasEnded) return { usage: withLongestWrites(told, operation) }
  if (operation.isFree === true) return { usage: told ?? NOTHING }
  const isStream = answer?.complete !== undefined || (answer === undefined && operation.stream)
  const { tokens, reason } = isStream
    ? streamedOutput({ ...attempt, observation }, hasEnded)
    : { tokens: unseenOutput(attempt), reason: 'answer_unread' as const }
  const inputTokens =
    told?.inputTokens ?? operation.estimateInput?.() ?? operation.inputBytesEstimate?.() ?? 0
  const cacheWrite = told === undefined ? operation.cacheWrites?.() : undefined
  return {
    usage: {
      ...told,
      inputTokens,
      outputTokens: Math.max(told?.outputTokens ?? 0, tokens),
      ...(cacheWrite !== undefined && { cacheWriteTokens: inputTokens }),
      ...(cacheWrite === '1h' && { longCacheWriteTokens: inputTokens }),
    },
    estimated: isComplete ? 'usage_missing' : reason,
  }
}

/**
 * Tokens written to the prompt cache count as kept for an hour when the request asks for that and
 * the provider does not report it.
 */
function withLongestWrites(told: Usage, { cacheWrites }: Operation): Usage {
  const { cacheWriteTokens = 0, longCacheWriteTokens } = told
  if (cacheWriteTokens === 0 || longCacheWriteTokens !== undefined || cacheWrites?.() !== '1h')
    return told
  return { ...told, longCacheWriteTokens: cacheWriteTokens }
}

const NOTHING: Usage = Object.freeze({ inputTokens: 0, outputTokens: 0 })

/** Its reservation; more where the request sets no bound and there was time for more. */
function unseenOutput({
  operation,
  progress: { sentAt = 0 },
  nowMs,
  reserved = outputExpected(operation),
}: EndedAttempt): number {
  const asked = operation.requestedOutput?.()
  if (asked === undefined || asked.tokens !== undefined) return reserved
  return Math.max(
    reserved,
    Math.ceil((nowMs - sentAt) / 1_000) * UNBOUNDED_TOKENS_PER_SECOND * asked.choices,
  )
}

function streamedOutput(
  attempt: EndedAttempt,
  hasEnded: boolean,
): { readonly tokens: number; readonly reason: EstimateReason } {
  const { operation, progress, observation } = attempt
  const shown = Math.max(
    observation?.outputEstimate ?? observation?.events ?? 0,
    observation?.usage?.outputTokens ?? 0,
  )
  const habit = habitOf(attempt)
  const made = hasEnded || progress.isCut === true ? shown : shown + madeUnseen(attempt, shown)
  const hasContent = progress.firstContentAt !== undefined && shown > 0
  if (habit === 'hidden' || (habit === 'unknown' && !hasContent))
    return { tokens: Math.max(made, unseenOutput(attempt)), reason: 'reasoning_hidden' }
  const silentMs =
    habit === 'unknown' && !hasEnded && progress.isCut !== true
      ? (progress.firstContentAt ?? 0) - (progress.sentAt ?? 0)
      : 0
  const tokens = made + Math.ceil((silentMs * HIDDEN_TOKENS_PER_SECOND) / 1_000)
  const asked = operation.requestedOutput?.()
  const most = asked?.tokens === undefined ? Number.POSITIVE_INFINITY : asked.tokens * asked.choices
  return { tokens: Math.max(shown, Math.min(tokens, most)), reason: 'stream_unfinished' }
}

/** Output that may have been written since the last content, at the pace before it. */
function madeUnseen(
  { progress: { firstContentAt, lastContentAt }, nowMs }: EndedAttempt,
  shown: number,
): number {
  if (firstContentAt === undefined || lastContentAt === undefined) return LEAST_UNSEEN_TOKENS
  // A stream that has only begun has shown no pace yet: what came at once may have been written
  // before.
  const spentMs = Math.max(lastContentAt - firstContentAt, NOTICE_MS)
  return Math.max(
    LEAST_UNSEEN_TOKENS,
    Math.ceil((shown / spentMs) * (nowMs - lastContentAt + NOTICE_MS)),
  )
}

/**
 * Some providers count with every event, reasoning too: nothing is left to guess. A count from the
 * start of a stream is none of these.
 */
function isCountedAlong({ usage, outputEstimate = 0 }: Observation): boolean {
  if (usage?.reasoningTokens === undefined || outputEstimate === 0) return false
  return usage.outputTokens - usage.reasoningTokens >= outputEstimate / 2
}

/**
 * Whether the target writes tokens for this request that its stream does not show: nothing on our
 * side can end it in time.
 */
export function hidesReasoning(operation: Operation, target: Target): boolean {
  return habitOf({ operation, target, observation: undefined }) === 'hidden'
}

function habitOf({
  operation,
  target,
  observation,
}: Pick<EndedAttempt, 'operation' | 'target' | 'observation'>): 'visible' | 'hidden' | 'unknown' {
  if (operation.requestedOutput === undefined) return 'visible'
  const asked = operation.requestedReasoning?.()
  if (observation !== undefined && isCountedAlong(observation)) return 'visible'
  if (observation?.reasoningSeen === 'concealed') return 'hidden'
  const habit = target.provider.quirks.reasoning ?? reasoningHabitOf(target.model)
  switch (habit) {
    case 'none':
      return 'visible'
    case 'shown':
      return asked === 'concealed' ? 'hidden' : 'visible'
    case 'hidden':
      return asked === 'off' ? 'visible' : 'hidden'
    case 'always-hidden':
      return 'hidden'
    case 'on-request':
      return asked === 'on' || asked === 'concealed' ? 'hidden' : 'visible'
    case undefined:
      if (asked === 'off' || (observation?.reasoningSeen === 'shown' && asked !== 'concealed'))
        return 'visible'
      return asked === 'on' || asked === 'concealed' ? 'hidden' : 'unknown'
  }
}
