import { expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import type { Limit } from '../limits/index.ts'
import type { StoredLimit } from '../storage/index.ts'
import { createRuleService } from './rule-service.ts'

it('lists a limit that only a newer version can read, and lets it be removed', async () => {
  const stored: StoredLimit[] = [
    { kind: 'limit', id: 'limit_1', createdAt: 1, written: { unit: 'bananas' } },
  ]
  const service = createRuleService({
    register: {
      list: async () => stored as never,
      put: async (entry) => void stored.splice(0, 1, entry as StoredLimit),
    },
    clock: new FakeClock(),
    configured: [],
    providers: new Set(),
    read: (asked) => asked,
    readSubject: () => ({}),
    limitOf: () => {
      throw new Error('a unit of tomorrow')
    },
    levels: async (limits: readonly Limit[]) => limits.map(() => expect.unreachable()),
    reset: async () => undefined,
  })
  expect(await service.listLimits()).toMatchObject([
    { id: 'limit_1', says: expect.stringContaining('newer version'), written: { unit: 'bananas' } },
  ])
  expect(await service.usageOf({})).toEqual([])
  await service.removeLimit('limit_1')
  expect(await service.listLimits()).toEqual([])
})
