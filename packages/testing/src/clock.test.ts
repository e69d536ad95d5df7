import { describe, expect, it } from 'vitest'
import { ManualClock, systemClock } from './clock.ts'

describe('ManualClock', () => {
  it('wakes sleepers in the order of their times, and only those that are due', async () => {
    const clock = new ManualClock(1000)
    const signal = new AbortController().signal
    const woken: number[] = []
    for (const ms of [30, 10, 20]) void clock.sleep(ms, signal).then(() => woken.push(ms))
    await clock.sleeping()
    clock.advance(20)
    await Promise.resolve()
    expect(woken).toEqual([10, 20])
    expect(clock.now()).toBe(1020)
    clock.advance(10)
    await Promise.resolve()
    expect(woken).toEqual([10, 20, 30])
  })

  it('resolves once a caller sleeps on the clock', async () => {
    const clock = new ManualClock()
    const seen = clock.sleeping()
    const slept = clock.sleep(5, new AbortController().signal)
    await seen
    clock.advance(5)
    await slept
  })

  it('lets a sleeper go when its signal aborts, also when it has aborted before', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const slept = clock.sleep(1_000_000, controller.signal)
    controller.abort()
    await slept
    await clock.sleep(1_000_000, controller.signal)
  })
})

describe('systemClock', () => {
  it('sleeps for real and ends early with its signal', async () => {
    const before = systemClock.now()
    await systemClock.sleep(5, new AbortController().signal)
    expect(systemClock.now() - before).toBeGreaterThanOrEqual(4)
    const controller = new AbortController()
    const slept = systemClock.sleep(60_000, controller.signal)
    controller.abort()
    await slept
    await systemClock.sleep(60_000, controller.signal)
  })
})
