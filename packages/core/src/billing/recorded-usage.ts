import type { BilledRequest } from './deps.ts'
import { AnswerStream, type AttemptUsage, type UpstreamResponse } from '../dispatch/index.ts'
import type { Outcome } from '../records/index.ts'

type RecordedUsage = Pick<Outcome, 'usage' | 'usageEstimated'>

/**
 * The usage of an answer as its record tells it: what the provider said, or an estimate and why it
 * is one.
 */
export function usageOfAnswer(
  { body, observation }: UpstreamResponse,
  { usages }: BilledRequest,
): RecordedUsage {
  const last = usages.findLast(({ isOfAnswer }) => isOfAnswer)
  if (last?.estimated === undefined) return { usage: observation.usage }
  if (!(body instanceof AnswerStream)) return recorded(last)
  // A stream that several targets wrote is one answer to its client.
  return recorded({
    ...last,
    usage: { ...last.usage, outputTokens: Math.max(last.usage.outputTokens, body.outputEstimate) },
  })
}

/** The usage of a request that got no answer: what its attempts may have cost together. */
export function usageOfFailure({ usages }: BilledRequest): RecordedUsage {
  const last = usages.at(-1)
  if (last === undefined) return {}
  const sum = (field: 'inputTokens' | 'outputTokens'): number =>
    usages.reduce((total, { usage }) => total + usage[field], 0)
  return recorded({
    ...last,
    usage: { inputTokens: sum('inputTokens'), outputTokens: sum('outputTokens') },
  })
}

/** Where neither the request nor the answer is counted in tokens there is nothing to tell. */
function recorded({ usage, estimated }: AttemptUsage): RecordedUsage {
  return usage.inputTokens + usage.outputTokens === 0 ? {} : { usage, usageEstimated: estimated }
}
