import fc from 'fast-check'
import { expect, it } from 'vitest'
import { LocalRoom } from './local-room.ts'

it('gives all streams together no more than was left, and forgets a counter with its last stream', () => {
  const step = fc.record({
    stream: fc.nat(4),
    amount: fc.integer({ min: 1, max: 40 }),
    ends: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const room = new LocalRoom()
      const known = Array.from({ length: 5 }, () => new Set<string>())
      let taken = 0
      for (const { stream, amount, ends } of steps) {
        const keys = known[stream] as Set<string>
        if (ends) room.release(keys)
        else if (
          room.take(
            [
              { key: 'a', left: 100, amount },
              { key: 'b', left: 1_000, amount },
            ],
            keys,
          )
        )
          taken += amount
        // No stream holds any of it: the store is read again.
        if (known.every((held) => held.size === 0)) taken = 0
        expect(taken).toBeLessThanOrEqual(100)
      }
    }),
  )
})

it('takes from all counters or from none', () => {
  const room = new LocalRoom()
  const known = new Set<string>()
  expect(
    room.take(
      [
        { key: 'a', left: 100, amount: 60 },
        { key: 'b', left: 10, amount: 60 },
      ],
      known,
    ),
  ).toBe(false)
  expect(room.take([{ key: 'a', left: 100, amount: 100 }], known)).toBe(true)
  expect(room.take([{ key: 'a', left: 100, amount: 1 }], known)).toBe(false)
})
