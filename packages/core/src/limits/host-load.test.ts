import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { systemClock } from '../clock.ts'
import { type EventLoopDelay, HostLoad, type Shedding } from './host-load.ts'

/** An event loop with a scripted lag. */
function late(): EventLoopDelay & { lagMs: number; isEnabled: boolean } {
  return {
    lagMs: 0,
    isEnabled: false,
    get mean() {
      return (this.lagMs + 20) * 1e6
    },
    reset() {
      // The next window begins with the same lag.
    },
    enable() {
      this.isEnabled = true
    },
    disable() {
      this.isEnabled = false
    },
  }
}

function start() {
  const clock = new FakeClock()
  const delay = late()
  const changes: [Shedding, number][] = []
  const load = new HostLoad({
    clock,
    limitMs: 200,
    delay,
    onChange: (shedding, lagMs) => changes.push([shedding, lagMs]),
  })
  const after = async (ms: number, lagMs: number): Promise<Shedding> => {
    delay.lagMs = lagMs
    await clock.advance(ms)
    return load.shedding(clock.monotonic())
  }
  return { load, delay, changes, after }
}

describe('the load of the host', () => {
  it('sheds batch first, then everybody, and tells of each change once', async () => {
    const { after, changes } = start()
    const seen: Shedding[] = []
    for (const lagMs of [199, 200, 399, 400, 900, 10]) seen.push(await after(1_000, lagMs))
    expect(seen).toEqual(['nobody', 'batch', 'batch', 'everybody', 'everybody', 'nobody'])
    expect(changes).toEqual([
      ['batch', 200],
      ['everybody', 400],
      ['nobody', 10],
    ])
  })

  it('is looked at once a second', async () => {
    const { after } = start()
    expect([
      await after(999, 900),
      await after(1, 900),
      await after(999, 0),
      await after(1, 0),
    ]).toEqual(['nobody', 'everybody', 'everybody', 'nobody'])
  })

  it('forgets its measurement after a time without requests', async () => {
    const { after } = start()
    expect(await after(5_001, 900)).toBe('nobody')
    expect(await after(1_000, 900)).toBe('everybody')
  })

  it('stops measuring when it is closed', () => {
    const { load, delay } = start()
    expect(delay.isEnabled).toBe(true)
    load.close()
    expect(delay.isEnabled).toBe(false)
  })

  it('reads the process itself', async () => {
    const load = new HostLoad({ clock: systemClock, limitMs: 5, onChange: () => undefined })
    // A loop that is held all the time, until it has been seen.
    const until = performance.now() + 20_000
    let seen = load.current
    while (seen === 'nobody' && performance.now() < until) {
      const held = performance.now() + 50
      while (performance.now() < held);
      await wait(0)
      seen = load.shedding(performance.now())
    }
    load.close()
    expect(seen).toBe('everybody')
  })
})
