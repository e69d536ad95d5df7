import { describe, expect, it } from 'vitest'
import { ReservedStreamBudget } from './stream-budget.ts'

function streamBudget(
  tokens: number,
  answers: readonly Promise<number>[],
): { readonly streamBudget: ReservedStreamBudget; asked(): number } {
  let asked = 0
  return {
    streamBudget: new ReservedStreamBudget({
      tokens,
      inputTokens: 7,
      reserveMore: () => answers[asked++] ?? Promise.resolve(0),
    }),
    asked: () => asked,
  }
}

describe('OutputAllowance', () => {
  it('asks for more before it is at its end, once', () => {
    const { streamBudget: output, asked } = streamBudget(1_000, [new Promise(() => undefined)])
    expect([output.allows(700), asked()]).toEqual([true, 0])
    expect([output.allows(750), output.allows(990), asked()]).toEqual([true, true, 1])
  })

  it('waits for the answer where nothing is left, and goes on with what it gets', async () => {
    const answer = Promise.withResolvers<number>()
    const { streamBudget: output, asked } = streamBudget(1_000, [answer.promise])
    const waiting = output.allows(1_000)
    expect(waiting).toBeInstanceOf(Promise)
    answer.resolve(500)
    await waiting
    expect([output.allows(1_000), output.allows(1_499), asked()]).toEqual([true, true, 2])
  })

  it('is used up for good when there is no more, though not before it is used', async () => {
    const { streamBudget: output, asked } = streamBudget(1_000, [])
    expect(output.allows(800)).toBe(true)
    await Promise.resolve()
    await Promise.resolve()
    expect([
      output.allows(999),
      output.allows(1_000),
      output.allows(5),
      output.allows(1_001),
      asked(),
    ]).toEqual([true, false, true, false, 1])
  })

  it('of nothing asks at once', async () => {
    const { streamBudget: output } = streamBudget(0, [Promise.resolve(0)])
    await output.allows(0)
    expect(output.allows(0)).toBe(false)
  })
})
