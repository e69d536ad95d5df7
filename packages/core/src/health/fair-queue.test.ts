import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue } from './fair-queue.ts'

const drain = (queue: FairQueue<string>): string[] =>
  Array.from({ length: queue.size }, () => queue.shift() ?? '')

describe('a fair queue', () => {
  it('lets owners take turns, and each of them first come, first served', () => {
    const queue = new FairQueue<string>()
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.push(item.slice(0, 1), item)
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
    expect([queue.size, queue.shift()]).toEqual([0, undefined])
  })

  it('makes room at the cost of the owner with the most items, if that owner has more', () => {
    const queue = new FairQueue<string>()
    for (const item of ['a1', 'a2', 'a3', 'b1', 'b2']) queue.push(item.slice(0, 1), item)
    expect([
      queue.makeRoomFor('c'),
      queue.makeRoomFor('c'),
      queue.makeRoomFor('b'),
      queue.makeRoomFor('a'),
    ]).toEqual(['a3', 'a2', undefined, undefined])
    expect(queue.size).toBe(3)
  })

  it('loses no item, and gives no owner two turns while another has none', () => {
    const pushes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean()), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(pushes, (steps) => {
        const queue = new FairQueue<string>()
        const waiting: string[] = []
        const left: string[] = []
        for (const [at, [owner, leaves]] of steps.entries()) {
          const item = `${owner}${at}`
          queue.push(owner, item)
          if (leaves) expect(queue.remove(owner, item)).toBe(true)
          ;(leaves ? left : waiting).push(item)
        }
        for (const item of left) expect(queue.remove(item.slice(0, 1), item)).toBe(false)
        const order = drain(queue)
        expect(order.toSorted()).toEqual(waiting.toSorted())
        const owners = order.map((item) => item.slice(0, 1))
        // No item came meanwhile: every owner has one turn, and so on with the owners that are
        // left.
        for (
          let at = 0, rest = owners;
          rest.length > 0;
          at++, rest = rest.slice(new Set(rest).size)
        ) {
          const round = rest.slice(0, new Set(rest).size)
          expect([at, new Set(round).size]).toEqual([at, round.length])
        }
      }),
    )
  })
})
