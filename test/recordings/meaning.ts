import type { Meaning, MeantToolCall, ScriptedUsage } from '@postern/testing'
import { expect } from 'vitest'

/** An unchecked JSON object. */
export type Json = Record<string, unknown>

/**
 * A tool call as a reader understood it; `signature` is there when the reader knows whether the
 * call was signed.
 */
export type ReadToolCall = MeantToolCall & { readonly signature?: string | undefined }

export type ReadMeaning = Omit<Meaning, 'toolCalls'> & {
  readonly toolCalls: readonly ReadToolCall[]
}

/** A recording as the provider's own SDK reads it. */
export interface ProviderReading extends ReadMeaning {
  /** Input and output, reasoning included; `undefined` when the answer does not say. */
  readonly totalTokens: number | undefined
}

/** Address that an official SDK calls. */
export interface ReaderOptions {
  readonly url: string
  readonly isStream: boolean
  /** @default an unchecked key */
  readonly apiKey?: string
  /** @default `recorded` */
  readonly model?: string
}

/**
 * Asserts that an answer means what it should: everything but the usage of an answer that broke.
 */
export function expectMeaning(seen: ReadMeaning, expected: ReadMeaning): void {
  expect(seen.outcome).toBe(expected.outcome)
  expect(seen.text).toBe(expected.text)
  expect(seen.reasoning).toBe(expected.reasoning)
  expect([...seen.signatures].sort()).toEqual([...expected.signatures].sort())
  expect(seen.finish).toBe(expected.finish)
  if (expected.outcome === 'complete')
    expect(withoutZeroes(seen.usage)).toEqual(withoutZeroes(expected.usage))
  expect(seen.toolCalls).toHaveLength(expected.toolCalls.length)
  expected.toolCalls.forEach((call, at) => {
    const { id, ...rest } = call
    expect(seen.toolCalls[at]).toMatchObject(rest)
    expect(seen.toolCalls[at]?.arguments).toEqual(call.arguments)
    if (id !== undefined) expect(seen.toolCalls[at]?.id).toBe(id)
  })
  const ids = seen.toolCalls.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/./)
}

/** A detail of zero says as much as none. */
function withoutZeroes(usage: ScriptedUsage | undefined): ScriptedUsage | undefined {
  if (usage === undefined) return undefined
  const { input, output, ...details } = usage
  return {
    input,
    output,
    ...Object.fromEntries(Object.entries(details).filter(([, count]) => count)),
  }
}

/** OpenAI's usage object as it is. */
export function openaiUsage(usage: Json | null | undefined): ScriptedUsage | undefined {
  if (!usage) return undefined
  const prompt = (usage['prompt_tokens_details'] ?? {}) as Record<string, number | undefined>
  const completion = (usage['completion_tokens_details'] ?? {}) as Record<
    string,
    number | undefined
  >
  return {
    input: usage['prompt_tokens'] as number,
    output: usage['completion_tokens'] as number,
    cached: prompt['cached_tokens'] ?? 0,
    cacheWrite: prompt['cache_write_tokens'] ?? 0,
    reasoning: completion['reasoning_tokens'] ?? 0,
  }
}

/** Arguments as a client parses them. */
export function parsedArguments(text: string): Json {
  return JSON.parse(text) as Json
}
