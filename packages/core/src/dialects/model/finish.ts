import { GatewayError } from '../../errors.ts'

/** Why a choice ended, in OpenAI's words. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

export interface Finish {
  readonly reason: FinishReason
  /** The provider's own word, kept when it says more than ours. */
  readonly native?: string | undefined
  /** The stop sequence or the refusal's explanation. */
  readonly detail?: string | undefined
}

/**
 * Explanation of a refusal by the model or its provider: text for people, never a constant of the
 * wire (`SAFETY`, `content_filter`).
 */
export function refusalWords({ reason, native, detail }: Finish): string | undefined {
  return reason !== 'content_filter' ||
    detail === undefined ||
    detail === native ||
    WIRE_WORD.test(detail)
    ? undefined
    : detail
}

const WIRE_WORD = /^(?:[A-Z][A-Z0-9_]{2,}|[a-z]+(?:_[a-z]+)+|safety|refusal|blocked|filtered)$/

/**
 * Finish of an answer with an unknown finish reason: its content is passed on, but never as a whole
 * answer. `length` is the one word of every API that says so without naming a cause.
 */
export function unknownFinish(native: string): Finish {
  return { reason: 'length', native }
}

/**
 * The error of an answer without content whose provider reports a failure: another target may
 * succeed.
 */
export function brokenAnswer(
  provider: string,
  { word, detail }: { readonly word: string; readonly detail?: string | undefined },
): GatewayError {
  return new GatewayError(
    'provider_error',
    `${provider} gave up on its answer (${word.slice(0, 60)})${detail === undefined ? '' : `: ${detail.slice(0, 300)}`}.`,
    { provider },
  )
}
