import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import { Pacer, type PaceSignal, type PlaceInQueue, type Priority } from './pacer.ts'

function start() {
  const clock = new FakeClock()
  const pacer = new Pacer(clock)
  /** Fills the target with calls and lets it say that it is too much. */
  const limitTo = (calls: number): void => {
    for (let at = 0; at < calls; at++) pacer.enter('interactive')
    pacer.leave('interactive', 'too much', clock.monotonic())
    for (let at = 1; at < calls; at++) pacer.leave('interactive', 'nothing')
  }
  /** Four calls may be under way, and three are. */
  const leaveOnePlace = (): void => {
    limitTo(4)
    for (let at = 0; at < 3; at++) pacer.enter('interactive')
  }
  const entered = (place: PlaceInQueue | undefined, name: string, order: string[]): void => {
    if (place === undefined) order.push(name)
    else void place.entered.then(() => order.push(name))
  }
  return { clock, pacer, limitTo, leaveOnePlace, entered }
}

describe('the pace of a target', () => {
  it('is unlimited until the target reports too many calls', () => {
    const { pacer } = start()
    for (let at = 0; at < 10_000; at++)
      expect(pacer.enter(at % 2 === 0 ? 'interactive' : 'batch')).toBeUndefined()
    expect(pacer.limit).toBe(Number.POSITIVE_INFINITY)
  })

  it('falls when it is too much, once for all that were under way, and grows when calls go well', () => {
    const { pacer, clock, limitTo } = start()
    limitTo(20)
    expect(pacer.limit).toBeCloseTo(14)
    // Calls under way when the limit fell do not change the new one.
    for (let at = 0; at < 6; at++) pacer.enter('interactive')
    for (let at = 0; at < 6; at++) pacer.leave('interactive', 'too much', clock.monotonic())
    expect(pacer.limit).toBeCloseTo(14)
    for (let at = 0; at < 14; at++) {
      pacer.enter('interactive')
      pacer.leave('interactive', 'fine')
    }
    expect(pacer.limit).toBeGreaterThan(14.9)
    // Calls that began later do, however soon they were refused.
    clock.skip(1)
    for (let at = 0; at < 5; at++) pacer.enter('interactive')
    const startedAt = clock.monotonic()
    clock.skip(1)
    for (let at = 0; at < 5; at++) pacer.leave('interactive', 'too much', startedAt)
    expect(pacer.limit).toBe(4)
    clock.skip(60_001)
    pacer.enter('interactive')
    pacer.leave('interactive', 'fine')
    expect(pacer.limit).toBe(Number.POSITIVE_INFINITY)
  })

  it('does not change on a refusal when there are hardly any calls', () => {
    const { pacer, limitTo } = start()
    limitTo(3)
    expect(pacer.limit).toBe(Number.POSITIVE_INFINITY)
  })

  it('lets interactive calls go first, and batch never starve', async () => {
    const { pacer, leaveOnePlace, entered } = start()
    leaveOnePlace()
    const order: string[] = []
    pacer.enter('interactive')
    for (let at = 0; at < 3; at++) entered(pacer.enter('batch'), `batch ${at}`, order)
    for (let at = 0; at < 16; at++) entered(pacer.enter('interactive'), `interactive ${at}`, order)
    for (let at = 0; at < 19; at++) {
      pacer.leave(order.at(-1)?.startsWith('batch') === true ? 'batch' : 'interactive', 'nothing')
      await settle()
    }
    expect(order).toHaveLength(19)
    expect(order.slice(0, 7).every((name) => name.startsWith('interactive'))).toBe(true)
    expect(order.indexOf('batch 0')).toBeLessThanOrEqual(8)
    expect(order.indexOf('batch 1')).toBeLessThanOrEqual(16)
  })

  it('keeps half of its places free of batch', () => {
    const { pacer, limitTo } = start()
    limitTo(15)
    const batch = Array.from({ length: 20 }, () => pacer.enter('batch'))
    expect(batch.filter((place) => place === undefined)).toHaveLength(5)
    expect(pacer.enter('interactive')).toBeUndefined()
  })

  it('has no endless queue', () => {
    const { pacer, leaveOnePlace } = start()
    leaveOnePlace()
    pacer.enter('interactive')
    for (let at = 0; at < 200; at++) expect(pacer.enter('interactive')).toBeDefined()
    expect(() => pacer.enter('interactive')).toThrow('Too many calls')
    expect(pacer.waiting).toBe(200)
  })

  it('gives the place of who leaves to the next one, whenever that happens', async () => {
    const { pacer, leaveOnePlace, entered } = start()
    leaveOnePlace()
    const order: string[] = []
    pacer.enter('interactive')
    const first = pacer.enter('interactive')
    const second = pacer.enter('interactive')
    entered(second, 'second', order)
    first?.leaveQueue()
    pacer.leave('interactive', 'nothing')
    await settle()
    expect(order).toEqual(['second'])
    // Its turn has come, and it still leaves.
    const third = pacer.enter('interactive')
    entered(third, 'third', order)
    second?.leaveQueue()
    await settle()
    expect(order).toEqual(['second', 'third'])
  })

  it('holds in any order of events, and no waiting call is lost', async () => {
    const step = fc.oneof(
      fc.record({ enter: fc.constantFrom<Priority>('interactive', 'batch') }),
      fc.record({
        leave: fc.nat(30),
        signal: fc.constantFrom<PaceSignal>('fine', 'too much', 'nothing'),
      }),
      fc.record({ wait: fc.nat(2_000) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { pacer, clock } = start()
        const inside: Priority[] = []
        let waiting = 0
        for (const action of steps) {
          if ('enter' in action) {
            const place = pacer.enter(action.enter)
            if (place === undefined) inside.push(action.enter)
            else {
              waiting += 1
              const come = async (): Promise<void> => {
                await place.entered
                waiting -= 1
                inside.push(action.enter)
              }
              void come()
            }
          } else if ('wait' in action) clock.skip(action.wait)
          else {
            const [lane] = inside.splice(action.leave % Math.max(1, inside.length), 1)
            if (lane !== undefined) pacer.leave(lane, action.signal)
          }
          await settle()
          expect(pacer.waiting).toBe(waiting)
          if (pacer.limit === Number.POSITIVE_INFINITY)
            expect(waiting === 0 || inside.length > 0).toBe(true)
        }
        while (inside.length > 0) {
          pacer.leave(inside.shift() as Priority, 'nothing')
          await settle()
        }
        expect([waiting, pacer.waiting]).toEqual([0, 0])
      }),
      { numRuns: 60 },
    )
  })

  it('lets callers take turns: a flood of one does not starve the others', async () => {
    const { pacer, leaveOnePlace, entered } = start()
    leaveOnePlace()
    const order: string[] = []
    for (let at = 0; at < 50; at++)
      entered(pacer.enter('interactive', 'flood'), `flood ${at}`, order)
    entered(pacer.enter('interactive', 'other'), 'other', order)
    for (let at = 0; at < 4; at++) pacer.leave('interactive', 'nothing')
    await settle()
    // The first one took the last place; the other waits for one turn, not for fifty.
    expect(order.slice(0, 3)).toContain('other')
  })

  it('gives another caller the place of a flood that fills the queue, once', async () => {
    const { pacer, leaveOnePlace } = start()
    leaveOnePlace()
    pacer.enter('interactive', 'flood')
    const places = Array.from({ length: 200 }, () => pacer.enter('interactive', 'flood'))
    expect(() => pacer.enter('interactive', 'flood')).toThrow(/wait already/)
    const refused = places.at(-1)?.entered.catch((error: { code: string }) => error.code)
    const other = pacer.enter('interactive', 'other')
    expect([await refused, pacer.waiting]).toEqual(['targets_unavailable', 200])
    // A refused call has no place to give back.
    places.at(-1)?.leaveQueue()
    for (let at = 0; at < 2; at++) pacer.leave('interactive', 'nothing')
    await other?.entered
    expect(pacer.waiting).toBe(198)
  })
})
