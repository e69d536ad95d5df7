import { expect, it } from 'vitest'
import { readUsage } from './usage.ts'

it('counts thoughts and what tools read', () => {
  const native = {
    promptTokenCount: 10,
    toolUsePromptTokenCount: 5,
    candidatesTokenCount: 7,
    thoughtsTokenCount: 3,
    cachedContentTokenCount: 4,
  }
  expect(readUsage(native)).toEqual({
    inputTokens: 15,
    outputTokens: 10,
    cachedTokens: 4,
    reasoningTokens: 3,
    native,
  })
})

it('zero is a value, absent is not zero', () => {
  const native = { promptTokenCount: 0, thoughtsTokenCount: 0, candidatesTokenCount: -1 }
  expect(readUsage(native)).toEqual({
    inputTokens: 0,
    outputTokens: 0,
    cachedTokens: undefined,
    reasoningTokens: 0,
    native,
  })
})

it.each([[undefined], [null], [{ trafficType: 'ON_DEMAND' }]])('finds no count in %j', (native) => {
  expect(readUsage(native)).toBeUndefined()
})
