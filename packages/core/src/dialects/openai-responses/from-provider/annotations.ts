import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asObjects, asText } from '../../wire/json.ts'

/**
 * Annotations as chat completions write them: the fields in an object named by the type. Places are
 * counted from where their own text begins; `offset` is where that is in the whole answer.
 */
export function mapAnnotations(annotations: readonly unknown[], offset: number): JsonObject[] {
  return annotations.flatMap((item) => {
    const annotation = asObject(item)
    const type = asText(annotation?.type)
    if (annotation === undefined || type === undefined) return []
    const { type: _, ...fields } = annotation
    for (const place of ['start_index', 'end_index']) {
      const index = fields[place]
      if (typeof index === 'number') fields[place] = index + offset
    }
    return [{ type, [type]: fields }]
  })
}

/**
 * Log probabilities as chat completions write them, where `bytes` is always there; `undefined` when
 * there are none.
 */
export function logprobsOf(logprobs: unknown): JsonObject | undefined {
  if (!Array.isArray(logprobs) || logprobs.length === 0) return undefined
  const tokens = asObjects(logprobs)
  return {
    content: tokens.map((token) => ({
      ...tokenOf(token),
      top_logprobs: asObjects(token.top_logprobs).map(tokenOf),
    })),
    refusal: null,
  }
}

function tokenOf({ token, logprob, bytes }: JsonObject): JsonObject {
  return { token, logprob, bytes: bytes ?? null }
}
