import type { Charge } from '@postern/core'
import assert from 'node:assert/strict'
import type { LimitStoreCase, LimitStoreHarness } from './limit-store-case.ts'
import {
  adding,
  HOUR,
  knowsInstances,
  LEASE_MS,
  newId,
  newKey,
  newLease,
  reserveFor,
} from './limit-store-steps.ts'

/** All there is to give back, of whatever test. */
async function giveBackAll({ limitStore }: LimitStoreHarness): Promise<void> {
  while (((await limitStore.giveBack?.()) ?? 0) > 0);
}

/** One of each kind, of which 3 stay counted of 50. */
async function drawsOfInstance(harness: LimitStoreHarness): Promise<readonly Charge[]> {
  const [dated, ever, sliding] = (await adding(harness, 50, 60)).map((charge) => ({
    ...charge,
    floor: 3,
  })) as [Charge, Charge, Charge]
  return [
    dated,
    ever,
    sliding,
    { kind: 'lease', key: newKey(), amount: 1, limit: 1, leaseMs: HOUR },
  ]
}

export const instanceCases: readonly LimitStoreCase[] = [
  {
    name: 'what an instance held is given back when its lease is over, down to what it has used in any case, once',
    async run(harness) {
      if (!knowsInstances(harness)) return
      const [charges, dead, alive] = [
        await drawsOfInstance(harness),
        newLease(LEASE_MS),
        newLease(HOUR),
      ]
      await reserveFor(harness, dead, ...charges)
      const own = charges.map((charge) => ({ ...charge, key: newKey() }))
      await reserveFor(harness, alive, ...own)
      await giveBackAll(harness)
      assert.deepEqual(await harness.limitStore.read(charges), [50, 50, 50, 1])
      await harness.pass(LEASE_MS + 50)
      const answer = await harness.limitStore.reserve({
        id: newId(),
        charges,
        ttlMs: HOUR,
        lease: alive,
      })
      assert.deepEqual([answer.status, 'hasEnded' in answer && answer.hasEnded], ['refused', true])
      await Promise.all([giveBackAll(harness), giveBackAll(harness), giveBackAll(harness)])
      assert.deepEqual(await harness.limitStore.read(charges), [3, 3, 3, 0])
      assert.deepEqual(await harness.limitStore.read(own), [50, 50, 50, 1])
      await reserveFor(harness, alive, ...charges)
    },
  },
  {
    name: 'an instance that is heard of keeps what it holds, however long that is',
    async run(harness) {
      if (!knowsInstances(harness)) return
      const [charges, slow, busy] = [
        await drawsOfInstance(harness),
        newLease(LEASE_MS),
        newLease(LEASE_MS),
      ]
      await reserveFor(harness, slow, ...charges)
      const other = (await drawsOfInstance(harness)).map((charge) => ({ ...charge, limit: 1_000 }))
      await reserveFor(harness, busy, ...other)
      for (let time = 0; time < 3; time++) {
        await harness.pass(LEASE_MS / 2)
        await harness.limitStore.renew?.(slow)
        await reserveFor(harness, busy, ...other.slice(0, 1))
        await giveBackAll(harness)
      }
      assert.deepEqual(
        await harness.limitStore.read([...charges, ...other.slice(1)]),
        [50, 50, 50, 1, 50, 50, 1],
      )
    },
  },
  {
    name: 'an instance that was only late settles what was given back, once: what it used is counted, no more and no less',
    async run(harness) {
      if (!knowsInstances(harness)) return
      const [charges, late] = [(await drawsOfInstance(harness)).slice(0, 3), newLease(LEASE_MS)]
      const [{ reservation }, unsettled] = [
        await reserveFor(harness, late, ...charges),
        newLease(LEASE_MS),
      ]
      await harness.pass(LEASE_MS + 50)
      await giveBackAll(harness)
      await reserveFor(harness, unsettled, ...charges)
      assert.equal(await harness.limitStore.settle(reservation, [20, 1, 70]), 'settled')
      assert.equal(await harness.limitStore.settle(reservation, [20, 1, 70]), 'known')
      assert.deepEqual(await harness.limitStore.read(charges), [70, 51, 120])
      await harness.pass(LEASE_MS + 50)
      await giveBackAll(harness)
      assert.deepEqual(await harness.limitStore.read(charges), [23, 4, 73])
    },
  },
  {
    name: 'a reservation whose answer was lost is given back by a settlement, wherever it was counted and whichever comes first',
    async run(harness) {
      if (!knowsInstances(harness)) return
      const lease = newLease(HOUR)
      const charges = await drawsOfInstance(harness)
      const unanswered = { id: newId(), charges, ttlMs: HOUR, lease }
      const nothing = charges.map(() => 0)
      const unknown = { ...unanswered, buckets: charges.map(() => undefined) }
      await harness.limitStore.reserve(unanswered)
      assert.equal(await harness.limitStore.settle(unknown, nothing), 'settled')
      assert.deepEqual(await harness.limitStore.read(charges), nothing)
      const overtaken = newId()
      await harness.limitStore.settle({ ...unknown, id: overtaken }, nothing)
      await harness.limitStore.reserve({ ...unanswered, id: overtaken })
      assert.deepEqual(await harness.limitStore.read(charges), nothing)
    },
  },
]
