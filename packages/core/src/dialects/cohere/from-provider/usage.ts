import { asObject } from '../../wire/json.ts'
import { tokenCount, type Usage, withinInput } from '../../model/usage.ts'

/** Tokens as they were counted; `billed_units` leaves out what the service adds to every prompt. */
export function mapUsage(native: unknown): Usage | undefined {
  const usage = asObject(native)
  const tokens = asObject(usage?.tokens) ?? asObject(usage?.billed_units)
  const inputTokens = tokenCount(tokens?.input_tokens)
  const outputTokens = tokenCount(tokens?.output_tokens)
  if (inputTokens === undefined && outputTokens === undefined) return undefined
  return withinInput({
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    cachedTokens: tokenCount(usage?.cached_tokens),
    native,
  })
}
