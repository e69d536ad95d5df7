import type { GatewayError } from '../../../errors.ts'
import { brokenAnswer, type Finish, type FinishReason, unknownFinish } from '../../model/finish.ts'
import { cleanProviderText } from '../../wire/upstream-error.ts'
import { isObject, asText } from '../../wire/json.ts'

/** Words that say no more than their translation; every other one is kept beside it. */
const PLAIN: ReadonlySet<string> = new Set(['STOP', 'MAX_TOKENS'])

const REASONS: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['CONTINUATION', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['LANGUAGE', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['IMAGE_SAFETY', 'content_filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'content_filter'],
  ['IMAGE_RECITATION', 'content_filter'],
  ['MODEL_ARMOR', 'content_filter'],
])

/** Words for an answer that broke: without content there is no answer at all. */
const BROKEN: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
  'NO_IMAGE',
  'IMAGE_OTHER',
  'OTHER',
])

/**
 * Words of a turn that may end in function calls; servers that imitate the API have one of their
 * own for it.
 */
const MAY_CALL: ReadonlySet<string> = new Set(['STOP', 'FUNCTION_CALL'])

/** The word of a candidate that has ended; absent, empty or "unspecified" means it goes on. */
export function finishWord(value: unknown): string | undefined {
  return value === 'FINISH_REASON_UNSPECIFIED' ? undefined : asText(value)
}

/** Finish reason for a word of this API; `undefined` for one without a counterpart. */
export function reasonOfWord(word: string): FinishReason | undefined {
  return REASONS.get(word)
}

/**
 * Why a candidate ended. `STOP` is also said of turns that end in function calls. Words without a
 * counterpart (`MALFORMED_FUNCTION_CALL`, `OTHER`, new ones) are no plain end and are kept in
 * `native`.
 */
export function mapFinishReason(word: string, hasCalls: boolean, message: unknown): Finish {
  const reason = MAY_CALL.has(word) ? (hasCalls ? 'tool_calls' : 'stop') : REASONS.get(word)
  if (reason === undefined) return { ...unknownFinish(word), ...detailOf(message) }
  if (PLAIN.has(word)) return { reason }
  return { reason, native: word, ...detailOf(message) }
}

/**
 * The error of a candidate without content that ended otherwise than an answer does; `undefined`
 * for one that may be handed on.
 */
export function brokenCandidate(
  word: string,
  message: unknown,
  provider: string,
): GatewayError | undefined {
  return BROKEN.has(word) || (!MAY_CALL.has(word) && !REASONS.has(word))
    ? brokenAnswer(provider, { word, ...detailOf(message) })
    : undefined
}

/** How an answer ends whose prompt was refused; `undefined` when it was not. */
export function blockedPrompt(feedback: unknown): Finish | undefined {
  const native = isObject(feedback) ? asText(feedback['blockReason']) : undefined
  if (!isObject(feedback) || native === undefined) return undefined
  return { reason: 'content_filter', native, ...detailOf(feedback['blockReasonMessage']) }
}

function detailOf(message: unknown): { detail?: string } {
  const detail = asText(message)
  return detail === undefined ? {} : { detail: cleanProviderText(detail) }
}
