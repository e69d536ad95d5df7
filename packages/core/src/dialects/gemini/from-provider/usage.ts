import { tokenCount, type Usage, withinInput } from '../../model/usage.ts'
import { isObject } from '../../wire/json.ts'

/**
 * `usageMetadata` in our accounting: the prompt leaves out what tools read, the candidates leave
 * out the thoughts, both are added here. `undefined` while the provider has counted nothing (early
 * events of some streams).
 */
export function readUsage(native: unknown): Usage | undefined {
  if (!isObject(native)) return undefined
  const prompt = tokenCount(native['promptTokenCount'])
  const toolPrompt = tokenCount(native['toolUsePromptTokenCount'])
  const candidates = tokenCount(native['candidatesTokenCount'])
  const thoughts = tokenCount(native['thoughtsTokenCount'])
  if (prompt === undefined && candidates === undefined && thoughts === undefined) return undefined
  return withinInput({
    inputTokens: (prompt ?? 0) + (toolPrompt ?? 0),
    outputTokens: (candidates ?? 0) + (thoughts ?? 0),
    cachedTokens: tokenCount(native['cachedContentTokenCount']),
    reasoningTokens: thoughts,
    native,
  })
}
