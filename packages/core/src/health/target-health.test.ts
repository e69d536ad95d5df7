import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { BREAKER_RULES } from './circuit-breaker.ts'
import { TargetHealth } from './target-health.ts'

function start(options: { readonly isOff?: boolean } = {}) {
  const clock = new FakeClock()
  const changes: string[] = []
  const health = new TargetHealth(
    clock,
    (target, state) => void changes.push(`${target} ${state}`),
    options,
  )
  const fail = (target: string): void => {
    for (let at = 0; at < BREAKER_RULES.consecutiveFailures; at++)
      health.of(target).enter()?.end('failed')
  }
  return { clock, changes, health, fail }
}

describe('the health of targets', () => {
  it('is that of each alone', () => {
    const { health, fail, changes } = start()
    fail('a/x')
    expect([health.of('a/x').state, health.of('a/y').state]).toEqual(['open', 'closed'])
    expect(health.unavailable).toEqual(['a/x'])
    expect(changes).toEqual(['a/x open'])
  })

  it('cools down for as long as was asked, the longest wish first', () => {
    const { clock, health } = start()
    const condition = health.of('a/x')
    condition.coolDown(1000)
    condition.coolDown(10)
    expect(condition.coolsForMs).toBe(1000)
    clock.skip(999)
    expect(condition.coolsForMs).toBe(1)
    clock.skip(5)
    expect(condition.coolsForMs).toBe(0)
  })

  it('forgets targets without a history when there are too many', () => {
    const { health, fail } = start()
    fail('a/broken')
    health.of('a/well')
    for (let at = 0; at < 5000; at++) health.of(`a/${at}`)
    expect(health.of('a/broken').state).toBe('open')
    expect(health.unavailable).toEqual(['a/broken'])
  })

  it('knows how long 95 of 100 answers take, of the last ones', () => {
    const { health } = start()
    const condition = health.of('a/x')
    for (let ms = 1; ms < 10; ms++) condition.observe('stream', ms)
    expect(condition.p95Ms('stream')).toBeUndefined()
    condition.observe('stream', 10)
    expect(condition.p95Ms('stream')).toBe(10)
    for (let ms = 1; ms <= 64; ms++) condition.observe('stream', ms)
    expect(condition.p95Ms('stream')).toBe(61)
    expect(condition.p95Ms('whole')).toBeUndefined()
  })

  it('is of no account when it is off', () => {
    const { health, fail } = start({ isOff: true })
    fail('a/x')
    health.of('a/x').coolDown(1000)
    expect([health.of('a/x').state, health.of('a/x').coolsForMs, health.unavailable]).toEqual([
      'closed',
      0,
      [],
    ])
  })
})
