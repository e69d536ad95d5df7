import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asObjects } from '../../wire/json.ts'

/** OpenAI-shaped log probabilities as `logprobsResult`; `undefined` when they hold no token. */
export function renderLogprobs(value: unknown): JsonObject | undefined {
  const tokens = asObjects(asObject(value)?.['content'])
  if (tokens.length === 0) return undefined
  const alternatives = tokens.map((token) => asObjects(token['top_logprobs']).map(candidateOf))
  return {
    chosenCandidates: tokens.map(candidateOf),
    ...(alternatives.some((list) => list.length > 0)
      ? { topCandidates: alternatives.map((candidates) => ({ candidates })) }
      : {}),
  }
}

function candidateOf({ token, logprob }: JsonObject): JsonObject {
  return { token, logProbability: logprob }
}
