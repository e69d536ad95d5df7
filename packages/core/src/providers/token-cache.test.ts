import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import { TokenCache } from './token-cache.ts'

const HOUR_MS = 3_600_000

/** Issues `token-1`, `token-2`, ... when told to. */
function scripted(lifetimeMs = HOUR_MS) {
  const clock = new FakeClock()
  const asked: PromiseWithResolvers<{ value: string; lifetimeMs: number }>[] = []
  const cache = new TokenCache(() => {
    const next = Promise.withResolvers<{ value: string; lifetimeMs: number }>()
    asked.push(next)
    return next.promise
  }, clock)
  const issue = async (): Promise<void> => {
    asked.at(-1)?.resolve({ value: `token-${asked.length}`, lifetimeMs })
    await settle()
  }
  const hold = async (): Promise<void> => {
    const first = cache.get()
    await issue()
    await first
  }
  return { clock, cache, asked, issue, hold }
}

describe('TokenCache', () => {
  it('asks once for all who wait, and keeps what it got', async () => {
    const { cache, asked, issue } = scripted()
    const waiting = [cache.get(), cache.get(), cache.get()]
    await issue()
    expect(await Promise.all(waiting)).toEqual(['token-1', 'token-1', 'token-1'])
    expect(await cache.get()).toBe('token-1')
    expect(asked).toHaveLength(1)
  })

  it('is replaced five minutes early, and no request waits for that', async () => {
    const { clock, cache, asked, issue, hold } = scripted()
    await hold()
    await clock.advance(HOUR_MS - 5 * 60_000 - 1)
    expect(await cache.get()).toBe('token-1')
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    expect(await Promise.all([cache.get(), cache.get()])).toEqual(['token-1', 'token-1'])
    expect(asked).toHaveLength(2)
    await issue()
    expect(await cache.get()).toBe('token-2')
    expect(asked).toHaveLength(2)
  })

  it('is not used in its last seconds', async () => {
    const { clock, cache, asked, issue, hold } = scripted()
    await hold()
    await clock.advance(HOUR_MS - 30_000)
    const late = cache.get()
    await issue()
    expect(await late).toBe('token-2')
    expect(asked).toHaveLength(2)
  })

  it('stays in use when its early replacement fails, which is tried again after a while and not by every request', async () => {
    const { clock, cache, asked, hold } = scripted()
    await hold()
    await clock.advance(HOUR_MS - 5 * 60_000)
    expect(await cache.get()).toBe('token-1')
    asked[1]?.reject(new Error('no answer'))
    await settle()
    expect(await cache.get()).toBe('token-1')
    expect(asked).toHaveLength(2)
    await clock.advance(10_000)
    expect(await cache.get()).toBe('token-1')
    expect(asked).toHaveLength(3)
  })

  it('rejects all waiting requests on a failure, and starts again for the next', async () => {
    const { cache, asked, issue } = scripted()
    const waiting = [cache.get(), cache.get()]
    asked[0]?.reject(new Error('refused'))
    for (const one of waiting) await expect(one).rejects.toThrow('refused')
    const next = cache.get()
    await issue()
    expect(await next).toBe('token-2')
  })

  it('counts a lifetime from the request of the token', async () => {
    const { clock, cache, asked, issue } = scripted(1_000)
    const first = cache.get()
    await clock.advance(750)
    await issue()
    expect(await first).toBe('token-1')
    const second = cache.get()
    expect(asked).toHaveLength(2)
    await issue()
    expect(await second).toBe('token-2')
  })

  it('shows no token, however it is printed', async () => {
    const { cache, hold } = scripted()
    await hold()
    expect(JSON.stringify(cache) + inspect(cache, { showHidden: true, depth: 9 })).not.toContain(
      'token-1',
    )
  })
})
