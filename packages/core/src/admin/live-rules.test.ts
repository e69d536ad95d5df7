import { describe, expect, it } from 'vitest'
import type { Limit } from '../limits/index.ts'
import type { StoredEntry } from '../storage/index.ts'
import { LiveRules } from './live-rules.ts'

const limit = (
  id: string,
  written: Record<string, unknown> = {},
  removedAt?: number,
): StoredEntry => ({ kind: 'limit', id, createdAt: 1, written, removedAt })

function start() {
  const unreadable: string[] = []
  const rules = new LiveRules(
    (written, place) => {
      if (written['unit'] === 'bananas') throw new Error('a unit of tomorrow')
      return { place } as Limit
    },
    (id) => void unreadable.push(id),
  )
  return { rules, unreadable, places: () => rules.limits.map(({ place }) => place) }
}

describe('rules that were made while the gateway runs', () => {
  it('hold until they are taken back, and are gone when the store was emptied', () => {
    const { rules, places } = start()
    rules.learn(
      [
        limit('a'),
        limit('b'),
        { kind: 'switch', id: 'switch x/*', target: 'x/*', isOff: true, changedAt: 1 },
      ],
      false,
    )
    expect([
      places(),
      rules.isDisabled({ provider: 'x', model: 'm' }),
      rules.isDisabled({ provider: 'y', model: 'm' }),
    ]).toEqual([['a', 'b'], true, false])
    rules.learn([limit('a', {}, 2)], false)
    expect(places()).toEqual(['b'])
    rules.learn([limit('c')], true)
    expect([places(), rules.isDisabled({ provider: 'x', model: 'm' })]).toEqual([['c'], false])
  })

  it('that a newer version has made are reported, and do not affect others', () => {
    const { rules, places, unreadable } = start()
    rules.learn([limit('a', { unit: 'bananas' }), limit('b')], false)
    expect([places(), unreadable]).toEqual([['b'], ['a']])
  })
})
