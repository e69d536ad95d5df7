import { expect, it } from 'vitest'
import { FakeClock, settle } from '../clock.fake.ts'
import { memoryStore } from '../storage/index.ts'
import { AdmissionControl } from './admission.ts'
import type { Limit } from './limit.ts'

it('gives back an extension that arrives after the request has ended', async () => {
  const clock = new FakeClock()
  const { limitStore } = memoryStore(() => clock.now())
  const held = Promise.withResolvers<void>()
  let reserves = 0
  const slow = {
    ...limitStore,
    reserve: async (...asked: Parameters<typeof limitStore.reserve>) =>
      ((reserves += 1) > 1 ? held.promise : Promise.resolve()).then(() =>
        limitStore.reserve(...asked),
      ),
    settle: (...asked: Parameters<typeof limitStore.settle>) => limitStore.settle(...asked),
    read: (...asked: Parameters<typeof limitStore.read>) => limitStore.read(...asked),
    reset: (...asked: Parameters<typeof limitStore.reset>) => limitStore.reset(...asked),
  }
  const admission = new AdmissionControl({
    clock,
    limitStore: slow,
    limitFailMode: 'local',
    budgetFailMode: 'local',
    longestMs: 600_000,
    onLost: () => undefined,
  })
  const limits: Limit[] = [
    {
      place: 'limits[0]',
      scope: [],
      only: new Map(),
      unit: 'tokens',
      window: 'day',
      timeZone: 'UTC',
      amount: 10_000,
      alertAt: [],
      isSoft: false,
    },
  ]
  const amounts = { inputTokens: 20, outputTokens: 300, nanoDollars: 0 }
  const admitted = await admission.admit(limits, {
    id: 'one',
    subject: {},
    degraded: new Set(),
    estimate: () => amounts,
  })
  const asking = admitted?.extend({ inputTokens: 0, outputTokens: 1_024, nanoDollars: 0 })
  admitted?.settle({ ...amounts, outputTokens: 30 })
  held.resolve()
  expect(await asking).toBe(true)
  await settle()
  expect((await admission.levels(limits, {})).map(({ used }) => used)).toEqual([50])
})
