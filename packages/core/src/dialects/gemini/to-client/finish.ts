import type { JsonObject } from '../../model/json-object.ts'
import type { Finish } from '../../model/finish.ts'
import { reasonOfWord } from '../from-provider/finish.ts'

/** Words of this API that ours do not tell apart from a plain end. */
const OWN_WORDS: ReadonlySet<string> = new Set([
  'OTHER',
  'MALFORMED_FUNCTION_CALL',
  'IMAGE_OTHER',
  'NO_IMAGE',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MALFORMED_RESPONSE',
  'MISSING_THOUGHT_SIGNATURE',
])

const WORDS = {
  stop: 'STOP',
  tool_calls: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
} as const

/**
 * `finishReason` of a candidate, with `finishMessage` where there is more to say. `malformedCall`
 * names a function whose arguments are no JSON object: its call was left out, and the client must
 * not take the turn for a whole one.
 */
export function renderFinish(finish: Finish, malformedCall?: string): JsonObject {
  // Cut short by the limit, a call is cut short as well; the word for it is that of the limit.
  if (malformedCall !== undefined && finish.reason !== 'length') {
    return {
      finishReason: 'MALFORMED_FUNCTION_CALL',
      finishMessage: `The arguments of ${malformedCall} are no JSON object.`,
    }
  }
  const finishReason = wordOf(finish)
  const message =
    finish.reason === 'content_filter' || OWN_WORDS.has(finishReason) ? finish.detail : undefined
  return message === undefined ? { finishReason } : { finishReason, finishMessage: message }
}

/** A word another provider happens to share is taken only where it means the same. */
function wordOf({ reason, native }: Finish): string {
  const plain = WORDS[reason]
  if (native === undefined) return plain
  if (OWN_WORDS.has(native)) return reason === 'stop' || reason === 'length' ? native : plain
  return reasonOfWord(native) === reason ? native : plain
}
