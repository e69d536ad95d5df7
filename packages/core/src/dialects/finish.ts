/** Why a choice ended, in OpenAI's words. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

export interface Finish {
  readonly reason: FinishReason
  /** The provider's own word, kept when it says more than ours. */
  readonly native?: string | undefined
  /** The stop sequence or the refusal's explanation. */
  readonly detail?: string | undefined
}
