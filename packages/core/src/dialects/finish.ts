import { GatewayError } from '../errors.ts'

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
 * The finish of an answer that ended with a word nobody has described to us: what came is handed on, and never as a whole
 * answer. `length` is the one word of every API that says so without naming a cause.
 */
export function unknownFinish(native: string): Finish {
  return { reason: 'length', native }
}

/** The error of an answer without content whose provider says that it broke: another target may do better. */
export function brokenAnswer(provider: string, { word, detail }: { readonly word: string; readonly detail?: string | undefined }): GatewayError {
  return new GatewayError('provider_error', `${provider} gave up on its answer (${word.slice(0, 60)})${detail === undefined ? '' : `: ${detail.slice(0, 300)}`}.`, { provider })
}
