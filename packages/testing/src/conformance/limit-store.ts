import type { Charge } from '@postern/core'
import assert from 'node:assert/strict'
import type { LimitStoreCase } from './limit-store-case.ts'
import { instanceCases } from './limit-store-instances.ts'
import {
  adding,
  assertCountable,
  HOUR,
  MOST,
  newId,
  newKey,
  period,
  refused,
  reserve,
  reserved,
} from './limit-store-steps.ts'

/** Odd numbers that providers, reports and callers may send. */
const ODD: readonly unknown[] = [
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 2,
  1e308,
  Number.POSITIVE_INFINITY,
  -1,
  -Number.MAX_SAFE_INTEGER,
  -1e308,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  0,
  -0,
  0.5,
  1e-9,
  '7',
  '1e308',
  '',
  null,
  undefined,
  true,
  [],
  {},
]

const counterCases: readonly LimitStoreCase[] = [
  {
    name: 'of a hundred at once, as many get in as there is room for',
    async run(harness) {
      const charge = await period(harness, 1, 10)
      const answers = await Promise.all(Array.from({ length: 100 }, () => reserve(harness, charge)))
      assert.equal(answers.filter(({ status }) => status === 'reserved').length, 10)
      assert.deepEqual(await harness.limitStore.read([charge]), [10])
    },
  },
  {
    name: 'takes from all limits or from none, and says which one had no room',
    async run(harness) {
      const [wide, narrow] = [await period(harness, 5, 100), await period(harness, 5, 8)]
      await reserved(harness, wide, narrow)
      const answer = await refused(harness, wide, narrow)
      assert.deepEqual(
        [answer.at, answer.used, answer.retryAtMs],
        [1, 5, narrow.kind === 'period' ? narrow.endsAt : 0],
      )
      assert.deepEqual(await harness.limitStore.read([wide, narrow]), [5, 5])
    },
  },
  {
    name: 'replaces what was reserved by what was used, once',
    async run(harness) {
      const charge = await period(harness, 50, 100)
      const { reservation } = await reserved(harness, charge)
      assert.equal(await harness.limitStore.settle(reservation, [7]), 'settled')
      assert.equal(await harness.limitStore.settle(reservation, [7]), 'known')
      assert.equal(await harness.limitStore.settle(reservation, [900]), 'known')
      assert.deepEqual(await harness.limitStore.read([charge]), [7])
    },
  },
  {
    name: 'counts usage beyond the reservation, and lets no request in after that',
    async run(harness) {
      const charge = await period(harness, 10, 100)
      const { reservation } = await reserved(harness, charge)
      await harness.limitStore.settle(reservation, [130])
      assert.deepEqual(await harness.limitStore.read([charge]), [130])
      await refused(harness, charge)
    },
  },
  {
    name: 'the same id is the same reservation, however often it is requested',
    async run(harness) {
      const charge = await period(harness, 10, 15)
      const id = newId()
      for (let time = 0; time < 3; time++)
        assert.equal(
          (await harness.limitStore.reserve({ id, charges: [charge], ttlMs: HOUR })).status,
          'reserved',
        )
      assert.deepEqual(await harness.limitStore.read([charge]), [10])
    },
  },
  {
    name: 'an amount as large as the limit has room in an empty one',
    async run(harness) {
      const charge = await period(harness, 100, 100)
      await reserved(harness, charge)
      await refused(harness, { ...charge, amount: 1 })
    },
  },
  {
    name: 'keeps integers exact, up to the largest there are',
    async run(harness) {
      const charge = await period(harness, 4_000_000_000_000_001, Number.MAX_SAFE_INTEGER)
      const { reservation } = await reserved(harness, charge)
      await reserved(harness, charge)
      assert.deepEqual(await harness.limitStore.read([charge]), [8_000_000_000_000_002])
      await harness.limitStore.settle(reservation, [1])
      assert.deepEqual(await harness.limitStore.read([charge]), [4_000_000_000_000_002])
    },
  },
  {
    name: 'a period that is not the present one by the limit store’s clock is refused as such',
    async run(harness) {
      const now = await harness.now()
      const past: Charge = {
        kind: 'period',
        key: newKey(),
        amount: 1,
        limit: 5,
        startsAt: now - 2 * HOUR,
        endsAt: now - HOUR,
      }
      for (const charge of [past, { ...past, startsAt: now + HOUR, endsAt: now + 2 * HOUR }]) {
        const answer = await reserve(harness, charge)
        assert.equal(answer.status, 'other-time')
        assert.ok(Math.abs(answer.nowMs - now) < HOUR / 2)
      }
    },
  },
  {
    name: 'each period has a counter of its own, and a late settlement goes where it was reserved',
    async run(harness) {
      const now = await harness.now()
      const key = newKey()
      const first: Charge = {
        kind: 'period',
        key,
        amount: 10,
        limit: 10,
        startsAt: now - HOUR,
        endsAt: now + HOUR,
      }
      const second: Charge = { ...first, startsAt: now - HOUR + 1 }
      const { reservation } = await reserved(harness, first)
      await reserved(harness, second)
      await harness.limitStore.settle(reservation, [3])
      assert.deepEqual(await harness.limitStore.read([first, second]), [3, 10])
    },
  },
  {
    name: 'a counter without a period never resets',
    async run(harness) {
      const charge: Charge = {
        kind: 'period',
        key: newKey(),
        amount: 6,
        limit: 10,
        startsAt: 0,
        endsAt: Number.POSITIVE_INFINITY,
      }
      await reserved(harness, charge)
      assert.equal((await refused(harness, charge)).retryAtMs, Number.POSITIVE_INFINITY)
    },
  },
  {
    name: 'leases are given back by the settlement',
    async run(harness) {
      const charge: Charge = { kind: 'lease', key: newKey(), amount: 1, limit: 2, leaseMs: HOUR }
      const { reservation } = await reserved(harness, charge)
      await reserved(harness, charge)
      await refused(harness, charge)
      await harness.limitStore.settle(reservation, [0])
      await reserved(harness, charge)
      assert.deepEqual(await harness.limitStore.read([charge]), [2])
    },
  },
  {
    name: 'leases end by themselves when they are not given back',
    async run(harness) {
      const charge: Charge = { kind: 'lease', key: newKey(), amount: 1, limit: 1, leaseMs: 200 }
      await reserved(harness, charge)
      await refused(harness, charge)
      await harness.pass(250)
      await reserved(harness, charge)
    },
  },
  {
    name: 'a sliding window has room again when what filled it is older than the window, and says when',
    async run(harness) {
      const charge: Charge = {
        kind: 'sliding',
        key: newKey(),
        amount: 10,
        limit: 10,
        windowMs: 1_000,
      }
      await reserved(harness, charge)
      const { retryAtMs, nowMs } = await refused(harness, charge)
      assert.ok(
        retryAtMs - nowMs > 900 && retryAtMs - nowMs <= 1_100,
        `room in ${retryAtMs - nowMs} ms`,
      )
      await harness.pass(retryAtMs - nowMs + 20)
      await reserved(harness, charge)
    },
  },
  {
    name: 'a sliding window is settled in the part of it where it was reserved',
    async run(harness) {
      const charge: Charge = {
        kind: 'sliding',
        key: newKey(),
        amount: 10,
        limit: 12,
        windowMs: HOUR,
      }
      const { reservation } = await reserved(harness, charge)
      await harness.limitStore.settle(reservation, [4])
      assert.deepEqual(await harness.limitStore.read([charge]), [4])
      await refused(harness, charge)
    },
  },
  {
    name: 'a settlement whose reservation is lost counts what it cost, once',
    async run(harness) {
      const charge = await period(harness, 50, 100)
      const lost = { id: newId(), charges: [charge], buckets: [undefined], ttlMs: HOUR }
      assert.equal(await harness.limitStore.settle(lost, [30]), 'lost')
      assert.equal(await harness.limitStore.settle(lost, [30]), 'known')
      assert.deepEqual(await harness.limitStore.read([charge]), [30])
    },
  },
  {
    name: 'forgets on demand, and a settlement afterwards gives no credit',
    async run(harness) {
      const charge = await period(harness, 50, 100)
      const { reservation } = await reserved(harness, charge)
      await harness.limitStore.reset([charge])
      assert.deepEqual(await harness.limitStore.read([charge]), [0])
      await harness.limitStore.settle(reservation, [1])
      const [used] = await harness.limitStore.read([charge])
      assert.ok(used === 0 || used === 1, `used ${used}`)
    },
  },
  {
    name: 'counters stay whole numbers that can be counted, whatever a settlement says, and nothing fails',
    async run(harness) {
      for (const odd of ODD) {
        const charges = await adding(harness, 5, 10)
        const { reservation } = await reserved(harness, ...charges)
        assert.equal(
          await harness.limitStore.settle(
            reservation,
            charges.map(() => odd as number),
          ),
          'settled',
          String(odd),
        )
        const used = await harness.limitStore.read(charges)
        assertCountable(used, `settled with ${String(odd)}`)
        if (typeof odd === 'number' && odd >= 10)
          assert.deepEqual(
            used,
            charges.map(() => MOST),
          )
        else if (typeof odd !== 'number' || Number.isNaN(odd))
          assert.deepEqual(
            used,
            charges.map(() => 5),
          )
        else
          assert.deepEqual(
            used,
            charges.map(() => (odd > 0 ? 1 : 0)),
          )
        // One more of the same, settled with something that makes sense.
        const lost = { id: newId(), charges, buckets: charges.map(() => undefined), ttlMs: HOUR }
        await harness.limitStore.settle(
          lost,
          charges.map(() => odd as number),
        )
        await harness.limitStore.settle(
          { ...lost, id: newId() },
          charges.map(() => 4),
        )
        assertCountable(await harness.limitStore.read(charges), `lost with ${String(odd)}`)
        // Others are none the worse for it.
        await reserved(harness, ...(await adding(harness, 1, 1)))
      }
    },
  },
  {
    name: 'a full counter stays full, lets in what nothing is refused of, and has room again when what filled it is corrected',
    async run(harness) {
      for (const charge of await adding(harness, MOST - 10, MOST)) {
        const first = await reserved(harness, charge)
        const soft = { ...charge, amount: 100 }
        const others = [
          await reserved(harness, soft),
          await reserved(harness, { ...charge, amount: MOST }),
        ]
        for (const { used } of others) assert.deepEqual(used, [MOST])
        await refused(harness, { ...charge, amount: 1, limit: 1_000_000 })
        for (const { reservation } of [first, ...others])
          await harness.limitStore.settle(reservation, [0])
        assert.ok(((await harness.limitStore.read([charge]))[0] ?? MOST) <= 110)
      }
    },
  },
  {
    name: 'an amount or a limit that is none opens no door, and durations may be anything',
    async run(harness) {
      for (const odd of [
        Number.NaN,
        Number.POSITIVE_INFINITY,
        1e308,
        '50',
        null,
        undefined,
      ] as never[]) {
        for (const charge of await adding(harness, 1, 10)) {
          await refused(harness, { ...charge, amount: odd })
          if (typeof odd !== 'number' || Number.isNaN(odd))
            await refused(harness, { ...charge, limit: odd })
          assert.deepEqual(await harness.limitStore.read([charge]), [0])
        }
      }
      for (const charge of await adding(harness, -1e308, 10)) {
        await reserved(harness, charge)
        assert.deepEqual(await harness.limitStore.read([charge]), [0])
      }
      for (const ms of [1, 0.4, 1e308, Number.POSITIVE_INFINITY, 2 ** 53]) {
        const charges: Charge[] = [
          { kind: 'sliding', key: newKey(), amount: 1, limit: 1, windowMs: ms },
          { kind: 'lease', key: newKey(), amount: 1, limit: 1, leaseMs: ms },
        ]
        const answer = await harness.limitStore.reserve({ id: newId(), charges, ttlMs: ms })
        assert.equal(answer.status, 'reserved', String(ms))
        if (answer.status === 'reserved')
          await harness.limitStore.settle(answer.reservation, [1, 1])
      }
    },
  },
]

/**
 * Conformance of limit stores, wherever they keep their numbers:
 *
 * ```ts
 * for (const { name, run } of limitStoreConformance) it(name, () => run(harness))
 * ```
 */
export const limitStoreConformance: readonly LimitStoreCase[] = [...counterCases, ...instanceCases]
