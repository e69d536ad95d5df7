import { type Finish, type FinishReason, unknownFinish } from '../model/finish.ts'

/** Stop reasons that every service of these models has. */
export const commonStopReasons: readonly (readonly [string, FinishReason])[] = [
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
]

/** Stop reasons that say no more than ours. */
const PLAIN = new Set(['end_turn', 'tool_use', 'max_tokens'])

export interface StopSituation {
  /**
   * The answer calls tools of the client's; without one, `tool_use` ended a JSON answer given
   * through a tool.
   */
  readonly calledTools: boolean
  /** The stop sequence, or the explanation of a refusal. */
  readonly detail: string | undefined
}

/** Maps a stop reason; an unknown one is no plain end and is kept as `native`. */
export function mapStopReason(
  word: string,
  reasons: ReadonlyMap<string, FinishReason>,
  { calledTools, detail }: StopSituation,
): Finish {
  const reason = reasons.get(word)
  if (reason === undefined)
    return { ...unknownFinish(word), ...(detail === undefined ? {} : { detail }) }
  return {
    reason: reason === 'tool_calls' && !calledTools ? 'stop' : reason,
    ...(PLAIN.has(word) ? {} : { native: word }),
    ...(detail === undefined ? {} : { detail }),
  }
}
