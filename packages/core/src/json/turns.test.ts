import { describe, expect, it } from 'vitest'
import { Turns } from './turns.ts'

describe('Turns', () => {
  it('runs one step in each turn of the event loop, taking turns between texts', async () => {
    const turns = new Turns()
    let turn = 0
    const seen: [string, number][] = []
    function* steps(name: string): Generator<undefined, string> {
      for (let at = 0; at < 3; at++) {
        yield
        seen.push([name, turn])
      }
      return name
    }
    let isDone = false
    const count = (): void => {
      turn += 1
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    expect(
      await Promise.all([turns.run(steps('a')), turns.run(steps('b')), turns.run(steps('c'))]),
    ).toEqual(['a', 'b', 'c'])
    isDone = true
    expect(seen.map(([name]) => name).join('')).toBe('abcabcabc')
    expect(new Set(seen.map(([, at]) => at)).size).toBe(9)
  })

  it('rejects with what a step throws, and goes on with the others', async () => {
    const turns = new Turns()
    const cause = new Error('broken')
    function* broken(): Generator<undefined, never> {
      yield
      throw cause
    }
    function* whole(): Generator<undefined, number> {
      yield
      yield
      return 1
    }
    const outcomes = await Promise.allSettled([turns.run(broken()), turns.run(whole())])
    expect(outcomes).toEqual([
      { status: 'rejected', reason: cause },
      { status: 'fulfilled', value: 1 },
    ])
  })
})
