import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { RetryBudget } from './retry-budget.ts'

function start(requests: number) {
  const clock = new FakeClock()
  const budget = new RetryBudget(clock)
  for (let at = 0; at < requests; at++) budget.deposit()
  const taken = (): number =>
    Array.from({ length: 1000 }, () => budget.withdraw()).filter(Boolean).length
  return { clock, budget, taken }
}

describe('the budget of retries', () => {
  it.each([
    [0, 3],
    [10, 3],
    [100, 20],
    [1000, 200],
  ])('of %i requests has %i', (requests, retries) => {
    expect(start(requests).taken()).toBe(retries)
  })

  it('is that of the last minute', () => {
    const { clock, budget, taken } = start(100)
    expect(taken()).toBe(20)
    clock.skip(59_000)
    expect(taken()).toBe(0)
    clock.skip(1_001)
    expect(taken()).toBe(3)
    clock.skip(60_001)
    for (let at = 0; at < 50; at++) budget.deposit()
    expect(taken()).toBe(10)
  })
})
