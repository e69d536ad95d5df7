import type { JsonObject } from '../../model/json-object.ts'
import type { Usage } from '../../model/usage.ts'

/**
 * `usageMetadata`: thoughts are counted beside the candidates here. Details the provider did not
 * give are left out.
 */
export function renderUsage({
  inputTokens,
  outputTokens,
  cachedTokens,
  reasoningTokens,
}: Usage): JsonObject {
  return {
    promptTokenCount: inputTokens,
    ...(cachedTokens === undefined ? {} : { cachedContentTokenCount: cachedTokens }),
    candidatesTokenCount: Math.max(outputTokens - (reasoningTokens ?? 0), 0),
    ...(reasoningTokens === undefined
      ? {}
      : { thoughtsTokenCount: Math.min(reasoningTokens, outputTokens) }),
    totalTokenCount: inputTokens + outputTokens,
  }
}
