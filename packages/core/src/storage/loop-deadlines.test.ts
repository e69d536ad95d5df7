import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { LoopDeadlines } from './loop-deadlines.ts'

/** A clock whose timers fire late, as they do in a process whose event loop is held. */
function heldClock() {
  let now = 0
  let pending: (() => void) | undefined
  return {
    monotonic: () => now,
    setTimer(callback: () => void) {
      pending = callback
      return { clear: () => (pending = undefined) }
    },
    /** One turn of the loop that takes `ms`. */
    turn(ms: number) {
      now += ms
      const due = pending
      pending = undefined
      due?.()
    },
  }
}

describe('LoopDeadlines', () => {
  it('passes a deadline in time while the loop runs', async () => {
    const clock = new FakeClock()
    const deadlines = new LoopDeadlines(clock)
    await clock.advance(1_234)
    let passed = 0
    deadlines.after(50, () => (passed += 1))
    await clock.advance(45)
    expect(passed).toBe(0)
    await clock.advance(10)
    expect([passed, clock.pending]).toEqual([1, 0])
  })

  it('does not count the time in which the loop was held', () => {
    const clock = heldClock()
    const deadlines = new LoopDeadlines(clock)
    let passed = 0
    deadlines.after(50, () => (passed += 1))
    for (let turn = 0; turn < 9; turn++) clock.turn(1_000)
    expect(passed).toBe(0)
    clock.turn(1_000)
    expect(passed).toBe(1)
  })

  it('forgets a deadline that was taken back, and stops its timer', async () => {
    const clock = new FakeClock()
    const deadlines = new LoopDeadlines(clock)
    let passed = 0
    const cancel = deadlines.after(50, () => (passed += 1))
    cancel()
    await clock.advance(1_000)
    expect([passed, clock.pending]).toEqual([0, 0])
  })
})
