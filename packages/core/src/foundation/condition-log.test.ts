import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { LastingCondition } from './condition-log.ts'

function watched() {
  const clock = new FakeClock()
  const seen: string[] = []
  const condition = new LastingCondition(clock, {
    began: () => seen.push('began'),
    lasts: (ms) => seen.push(`lasts ${ms}`),
    over: (ms) => seen.push(`over ${ms}`),
  })
  return { clock, seen, condition }
}

describe('LastingCondition', () => {
  it('reports the beginning once, then once a minute, then the end once', async () => {
    const { clock, seen, condition } = watched()
    for (let at = 0; at < 130; at++) {
      condition.begin()
      await clock.advance(1_000)
    }
    condition.end()
    condition.end()
    await clock.advance(600_000)
    expect(seen).toEqual(['began', 'lasts 60000', 'lasts 120000', 'over 130000'])
    expect(clock.pending).toBe(0)
  })

  it('reports nothing that never began, and nothing after close', async () => {
    const { clock, seen, condition } = watched()
    condition.end()
    expect([seen, condition.holds]).toEqual([[], false])
    condition.begin()
    expect(condition.holds).toBe(true)
    condition.close()
    await clock.advance(600_000)
    expect(seen).toEqual(['began'])
  })

  it('begins again after its end', async () => {
    const { clock, seen, condition } = watched()
    condition.begin()
    condition.end()
    condition.begin()
    await clock.advance(60_000)
    expect(seen).toEqual(['began', 'over 0', 'began', 'lasts 60000'])
  })
})
