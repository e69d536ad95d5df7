import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import { GatewayError } from '../errors.ts'
import { Cancellation } from './cancellation.ts'

function start(deadlineMs = 10_000) {
  const clock = new FakeClock()
  const controller = new AbortController()
  const cancellation = new Cancellation(clock, controller.signal, deadlineMs)
  const woken: string[] = []
  const wait = (): void => cancellation.wait((error) => woken.push(error.code))
  wait()
  return {
    clock,
    controller,
    cancellation,
    woken,
    wait,
    listeners: () => getEventListeners(controller.signal, 'abort').length,
  }
}

describe('phases', () => {
  it('wakes the waiter when a phase runs out, and that is not the end of the request', async () => {
    const { clock, cancellation, woken, wait } = start()
    cancellation.startPhase('connect_timeout', 3000)
    await clock.advance(2999)
    expect(woken).toEqual([])
    await clock.advance(1)
    expect(woken).toEqual(['connect_timeout'])
    expect(cancellation.reason).toBeUndefined()
    wait()
    cancellation.startPhase('first_token_timeout', 1000)
    await clock.advance(1000)
    expect(woken).toEqual(['connect_timeout', 'first_token_timeout'])
  })

  it('says how long it waited and which option that is', () => {
    const { clock, cancellation } = start()
    let message = ''
    cancellation.wait((error) => void (message = error.message))
    cancellation.startPhase('idle_timeout', 250)
    return clock
      .advance(250)
      .then(() => expect(message).toMatch(/250 ms.*idleTimeout.*POSTERN_IDLE_TIMEOUT/))
  })

  it('counts from the last start of a phase', async () => {
    const { clock, cancellation, woken } = start()
    for (let event = 0; event < 5; event++) {
      cancellation.startPhase('idle_timeout', 100)
      await clock.advance(99)
    }
    expect(woken).toEqual([])
    await clock.advance(1)
    expect(woken).toEqual(['idle_timeout'])
  })

  it('lets a later phase be shorter than the one before it', async () => {
    const { clock, cancellation, woken } = start()
    cancellation.startPhase('first_token_timeout', 5000)
    cancellation.startPhase('idle_timeout', 10)
    await clock.advance(10)
    expect(woken).toEqual(['idle_timeout'])
  })

  it('does not run while no caller waits for the provider', async () => {
    const { clock, cancellation, woken } = start()
    cancellation.startPhase('idle_timeout', 100)
    cancellation.endPhase()
    await clock.advance(9999)
    expect(woken).toEqual([])
  })

  it('wakes a waiter once', async () => {
    const { clock, controller, cancellation, woken } = start()
    cancellation.startPhase('idle_timeout', 100)
    await clock.advance(100)
    controller.abort()
    await clock.advance(10_000)
    expect(woken).toEqual(['idle_timeout'])
  })
})

describe('the one timer', () => {
  it('serves any number of phases', () => {
    const { clock, cancellation } = start()
    for (let event = 0; event < 1000; event++) cancellation.startPhase('idle_timeout', 100)
    expect(clock.pending).toBe(1)
  })

  it('is not touched when a phase begins again', () => {
    const { clock, cancellation } = start()
    let armed = 0
    const setTimer = clock.setTimer.bind(clock)
    clock.setTimer = (callback, ms) => {
      armed += 1
      return setTimer(callback, ms)
    }
    for (let event = 0; event < 1000; event++) cancellation.startPhase('idle_timeout', 100)
    expect(armed).toBe(1)
  })

  it('is armed again when it fires before its time, as real timers do', async () => {
    const { clock, cancellation, woken } = start(1000)
    cancellation.startPhase('idle_timeout', 100)
    await clock.advance(99)
    clock.fireEarly()
    expect(woken).toEqual([])
    expect(clock.nextInMs).toBe(1)
    await clock.advance(1)
    expect(woken).toEqual(['idle_timeout'])
    clock.fireEarly()
    expect(cancellation.reason).toBeUndefined()
    expect(clock.nextInMs).toBe(900)
  })
})

describe('the deadline', () => {
  it('is final, whatever phase runs', async () => {
    const { clock, cancellation, woken } = start(1000)
    cancellation.startPhase('idle_timeout', 5000)
    await clock.advance(999)
    expect([cancellation.remainingMs, woken]).toEqual([1, []])
    await clock.advance(1)
    expect(woken).toEqual(['deadline_exceeded'])
    expect(cancellation.reason?.message).toMatch(/1000 ms.*POSTERN_TIMEOUT/)
    expect(clock.pending).toBe(0)
  })

  it('wins when a phase ends at the same moment: the request is over, not only this target', async () => {
    const { clock, cancellation, woken } = start(1000)
    cancellation.startPhase('idle_timeout', 1000)
    await clock.advance(1000)
    expect(woken).toEqual(['deadline_exceeded'])
    expect(cancellation.reason?.code).toBe('deadline_exceeded')
  })

  it('ends a sleep', async () => {
    const { clock, cancellation } = start(1000)
    const sleep = cancellation.sleep(5000).catch((error: GatewayError) => error.code)
    await clock.advance(1000)
    expect(await sleep).toBe('deadline_exceeded')
    expect(clock.pending).toBe(0)
  })
})

describe('leaving early', () => {
  it('the client leaves', () => {
    const { controller, cancellation, woken } = start()
    controller.abort()
    expect(woken).toEqual(['client_closed'])
    expect(cancellation.reason?.code).toBe('client_closed')
  })

  it('the client has left before', () => {
    const cancellation = new Cancellation(new FakeClock(), AbortSignal.abort(), 1000)
    const woken: string[] = []
    cancellation.wait((error) => woken.push(error.code))
    expect(woken).toEqual(['client_closed'])
    cancellation.close()
  })

  it('the gateway closes; the first reason stays', () => {
    const { controller, cancellation, woken, wait } = start()
    cancellation.cancel(new GatewayError('gateway_closed', 'closing'))
    controller.abort()
    wait()
    expect(cancellation.reason?.code).toBe('gateway_closed')
    expect(woken).toEqual(['gateway_closed', 'gateway_closed'])
  })
})

describe('sleep', () => {
  it('lasts as long as asked', async () => {
    const { clock, cancellation } = start()
    let awake = false
    const sleep = cancellation.sleep(500).then(() => void (awake = true))
    await clock.advance(499)
    expect(awake).toBe(false)
    await clock.advance(1)
    await sleep
    expect(awake).toBe(true)
  })

  it('ends at once with the reason when the client leaves', async () => {
    const { clock, controller, cancellation } = start()
    const sleep = cancellation.sleep(500).catch((error: GatewayError) => error.code)
    await clock.advance(100)
    controller.abort()
    expect(await sleep).toBe('client_closed')
    // The deadline's timer only.
    expect(clock.pending).toBe(1)
  })

  it('is refused once the request is over', async () => {
    const { controller, cancellation } = start()
    controller.abort()
    await expect(cancellation.sleep(1)).rejects.toMatchObject({ code: 'client_closed' })
  })

  it('leaves no waiter behind', async () => {
    const { clock, controller, cancellation } = start()
    const sleep = cancellation.sleep(1)
    await clock.advance(1)
    await sleep
    controller.abort()
    await settle()
    expect(cancellation.reason?.code).toBe('client_closed')
  })
})

describe('close', () => {
  it('leaves no timer, no listener and no waiter', async () => {
    const { clock, controller, cancellation, woken, listeners } = start()
    cancellation.startPhase('idle_timeout', 100)
    expect([clock.pending, listeners()]).toEqual([1, 1])
    cancellation.close()
    expect([clock.pending, listeners()]).toEqual([0, 0])
    controller.abort()
    await clock.advance(20_000)
    expect(woken).toEqual([])
  })

  it('holds for 1,000 requests under one long-lived signal', () => {
    const clock = new FakeClock()
    const { signal } = new AbortController()
    const open = Array.from({ length: 1000 }, () => new Cancellation(clock, signal, 1000))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1000)
    for (const cancellation of open) cancellation.close()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(clock.pending).toBe(0)
  })
})

describe('an event loop that was held', () => {
  function heldClock() {
    const timers: { due: number; callback: () => void }[] = []
    let now = 0
    return {
      clock: {
        now: () => now,
        monotonic: () => now,
        setTimer: (callback: () => void, ms: number) => ({
          clear: () => undefined,
          ...(timers.push({ due: now + ms, callback }) && {}),
        }),
      },
      /** Time passes, and whatever is due by then fires only now. */
      async hold(ms: number): Promise<void> {
        now += ms
        for (const timer of timers.splice(0)) {
          if (timer.due <= now) timer.callback()
          else timers.push(timer)
        }
        await settle()
      },
    }
  }

  it('blames no provider before the bytes that have arrived are read', async () => {
    const { clock, hold } = heldClock()
    const cancellation = new Cancellation(clock, undefined, 60_000)
    const reasons: string[] = []
    cancellation.wait(({ code }) => void reasons.push(code))
    cancellation.startPhase('idle_timeout', 1000)
    await hold(3000)
    expect(reasons).toEqual([])
    // The provider's bytes were there all the time.
    cancellation.endPhase()
    await hold(100)
    expect(reasons).toEqual([])
  })

  it('is an excuse once only', async () => {
    const { clock, hold } = heldClock()
    const cancellation = new Cancellation(clock, undefined, 60_000)
    const reasons: string[] = []
    cancellation.wait(({ code }) => void reasons.push(code))
    cancellation.startPhase('idle_timeout', 1000)
    await hold(3000)
    await hold(3000)
    expect(reasons).toEqual(['idle_timeout'])
  })
})
