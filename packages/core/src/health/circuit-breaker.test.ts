import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import {
  BREAKER_RULES,
  type CallOutcome,
  CircuitBreaker,
  type CircuitState,
} from './circuit-breaker.ts'

function start() {
  const clock = new FakeClock()
  const changes: CircuitState[] = []
  const breaker = new CircuitBreaker(clock, (state) => void changes.push(state))
  const call = (outcome: CallOutcome): boolean => {
    const permit = breaker.enter()
    permit?.end(outcome)
    return permit !== undefined
  }
  const calls = (outcome: CallOutcome, count: number): number =>
    Array.from({ length: count }, () => call(outcome)).filter(Boolean).length
  return { clock, changes, breaker, call, calls }
}

describe('a circuit', () => {
  it('opens after five failures in a row, and lets no call through', () => {
    const { breaker, calls, changes } = start()
    expect(calls('failed', 100)).toBe(BREAKER_RULES.consecutiveFailures)
    expect(breaker.state).toBe('open')
    expect(changes).toEqual(['open'])
  })

  it('a success resets the row', () => {
    const { breaker, calls, call } = start()
    calls('failed', 4)
    call('succeeded')
    calls('failed', 4)
    expect(breaker.state).toBe('closed')
  })

  it('opens when half of twenty calls of the last ten seconds failed', () => {
    const { clock, breaker, call } = start()
    for (let at = 0; at < 19; at++) call(at % 2 === 0 ? 'failed' : 'succeeded')
    expect(breaker.state).toBe('closed')
    call('failed')
    expect(breaker.state).toBe('open')

    const slow = start()
    for (let at = 0; at < 40; at++) {
      slow.call(at % 2 === 0 ? 'failed' : 'succeeded')
      slow.clock.skip(1000)
    }
    expect(slow.breaker.state).toBe('closed')
    expect(clock.pending).toBe(0)
  })

  it('is closed by exactly one probe, however many want to call', () => {
    const { clock, breaker, calls, changes } = start()
    calls('failed', 5)
    clock.skip(BREAKER_RULES.openMs - 1)
    expect(breaker.enter()).toBeUndefined()
    clock.skip(1)
    const permits = Array.from({ length: 50 }, () => breaker.enter()).filter(
      (permit) => permit !== undefined,
    )
    expect(permits).toHaveLength(1)
    expect(breaker.state).toBe('half-open')
    permits[0]?.end('succeeded')
    expect(calls('succeeded', 10)).toBe(10)
    expect(changes).toEqual(['open', 'half-open', 'closed'])
  })

  it('stays open longer every time its probe fails', () => {
    const { clock, breaker, calls } = start()
    calls('failed', 5)
    for (let times = 1; times < 20; times++) {
      const wait = Math.min(BREAKER_RULES.openMs * times, BREAKER_RULES.longestOpenMs)
      clock.skip(wait - 1)
      expect(breaker.enter()).toBeUndefined()
      clock.skip(1)
      breaker.enter()?.end('failed')
    }
    clock.skip(BREAKER_RULES.longestOpenMs)
    breaker.enter()?.end('succeeded')
    calls('failed', 5)
    expect(breaker.opensAt - clock.monotonic()).toBe(BREAKER_RULES.openMs)
  })

  it('learns nothing from a client that leaves', () => {
    const { clock, breaker, calls, call } = start()
    calls('failed', 4)
    calls('neutral', 100)
    call('failed')
    expect(breaker.state).toBe('open')
    clock.skip(BREAKER_RULES.openMs)
    call('neutral')
    expect(breaker.state).toBe('open')
    expect(call('succeeded')).toBe(true)
    expect(breaker.state).toBe('closed')
  })

  it('takes no notice of what was called before it opened', () => {
    const { clock, breaker, calls } = start()
    const early = Array.from({ length: 3 }, () => breaker.enter())
    calls('failed', 5)
    early[0]?.end('succeeded')
    early[1]?.end('failed')
    expect(breaker.state).toBe('open')
    clock.skip(BREAKER_RULES.openMs)
    const probe = breaker.enter()
    early[2]?.end('failed')
    expect(breaker.state).toBe('half-open')
    probe?.end('succeeded')
    probe?.end('failed')
    expect(breaker.state).toBe('closed')
  })

  it('is probed now and then when no other target is left', () => {
    const { clock, breaker, calls } = start()
    expect(breaker.force()).toBeDefined()
    calls('failed', 5)
    expect(breaker.force()).toBeUndefined()
    clock.skip(BREAKER_RULES.forcedProbeMs)
    expect(breaker.forcibleAt).toBeLessThanOrEqual(clock.monotonic())
    const probes = Array.from({ length: 10 }, () => breaker.force()).filter(
      (permit) => permit !== undefined,
    )
    expect(probes).toHaveLength(1)
    probes[0]?.end('succeeded')
    expect(breaker.state).toBe('closed')
  })

  it('never has more than one probe under way, whatever happens', () => {
    const step = fc.oneof(
      fc.constantFrom('enter' as const, 'force' as const),
      fc.record({
        end: fc.constantFrom<CallOutcome>('succeeded', 'failed', 'neutral'),
        which: fc.nat(20),
      }),
      fc.record({ wait: fc.nat(40_000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { clock, breaker } = start()
        const open: { end(outcome: CallOutcome): void; isProbe: boolean }[] = []
        for (const action of steps) {
          if (typeof action === 'string') {
            const wasClosed = breaker.state === 'closed'
            const permit = breaker[action]()
            if (permit !== undefined)
              open.push({ end: (outcome) => permit.end(outcome), isProbe: !wasClosed })
          } else if ('wait' in action) clock.skip(action.wait)
          else open.splice(action.which % Math.max(1, open.length), 1)[0]?.end(action.end)
          expect(open.filter(({ isProbe }) => isProbe).length).toBeLessThanOrEqual(1)
          if (open.some(({ isProbe }) => isProbe)) expect(breaker.state).toBe('half-open')
        }
      }),
    )
  })
})
