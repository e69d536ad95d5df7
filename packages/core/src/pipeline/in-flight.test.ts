import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InFlight, type Placed } from './in-flight.ts'

describe('InFlight', () => {
  it('holds what a Set would hold after any adding and deleting', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(7)), (steps) => {
        const members: readonly Placed[] = Array.from({ length: 8 }, () => ({ place: -1 }))
        const inFlight = new InFlight()
        const model = new Set<Placed>()
        for (const step of steps) {
          const member = members[step]
          if (member === undefined) continue
          if (model.has(member)) {
            inFlight.delete(member)
            model.delete(member)
          } else {
            inFlight.add(member)
            model.add(member)
          }
          inFlight.delete({ place: step })
          expect(inFlight.size).toBe(model.size)
          expect(new Set(inFlight)).toEqual(model)
        }
      }),
    )
  })

  it('is walked as it was at the beginning while members end', () => {
    const inFlight = new InFlight()
    const members = [{ place: -1 }, { place: -1 }, { place: -1 }]
    for (const member of members) inFlight.add(member)
    const seen: Placed[] = []
    for (const member of inFlight) {
      seen.push(member)
      inFlight.delete(member)
    }
    expect(seen).toEqual(members)
    expect(inFlight.size).toBe(0)
  })
})
