import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asList } from '../../wire/json.ts'

/** `logprobsResult` in OpenAI's shape; `undefined` when it holds no token. */
export function readLogprobs(result: unknown): JsonObject | undefined {
  if (!isObject(result)) return undefined
  const top = asList(result['topCandidates'])
  const content = asList(result['chosenCandidates'])
    .filter(isObject)
    .map((chosen, index) => {
      const alternatives = top[index]
      const list = isObject(alternatives) ? asList(alternatives['candidates']).filter(isObject) : []
      return { ...tokenOf(chosen), top_logprobs: list.map(tokenOf) }
    })
  return content.length === 0 ? undefined : { content, refusal: null }
}

/** A token may be half a character, so its bytes cannot be derived from its text. */
function tokenOf(candidate: JsonObject): JsonObject {
  const { token, logProbability } = candidate
  return {
    token: typeof token === 'string' ? token : '',
    logprob: typeof logProbability === 'number' ? logProbability : 0,
    bytes: null,
  }
}
