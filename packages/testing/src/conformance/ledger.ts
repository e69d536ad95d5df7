import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Draw, Ledger, ReserveAnswer } from '@postern/core'

/** A ledger under test, and the time it goes by. */
export interface LedgerHarness {
  readonly ledger: Ledger
  /** The ledger's clock, in milliseconds since the epoch. */
  now(): Promise<number>
  /** Lets time pass: waits, or moves a clock. */
  pass(ms: number): Promise<void>
}

/** Something every ledger must do. Independent of the test runner. */
export interface LedgerCase {
  readonly name: string
  run(harness: LedgerHarness): Promise<void>
}

const HOUR = 3_600_000
const newId = (): string => `request-${randomUUID()}`
const newKey = (): string => `test:${newId()}`

async function period(harness: LedgerHarness, amount: number, limit: number): Promise<Draw> {
  const now = await harness.now()
  return { kind: 'period', key: newKey(), amount, limit, startsAt: now - HOUR, endsAt: now + HOUR }
}

const reserve = ({ ledger }: LedgerHarness, ...draws: Draw[]): Promise<ReserveAnswer> => ledger.reserve({ id: newId(), draws, ttlMs: HOUR })

async function reserved(harness: LedgerHarness, ...draws: Draw[]): Promise<Extract<ReserveAnswer, { status: 'reserved' }>> {
  const answer = await reserve(harness, ...draws)
  assert.equal(answer.status, 'reserved')
  return answer as Extract<ReserveAnswer, { status: 'reserved' }>
}

async function refused(harness: LedgerHarness, ...draws: Draw[]): Promise<Extract<ReserveAnswer, { status: 'refused' }>> {
  const answer = await reserve(harness, ...draws)
  assert.equal(answer.status, 'refused')
  return answer as Extract<ReserveAnswer, { status: 'refused' }>
}

/**
 * What every ledger must do, wherever it keeps its numbers:
 *
 * ```ts
 * for (const { name, run } of ledgerConformance) it(name, () => run(harness))
 * ```
 */
export const ledgerConformance: readonly LedgerCase[] = [
  {
    name: 'D1: of a hundred at once, as many get in as there is room for',
    async run(harness) {
      const draw = await period(harness, 1, 10)
      const answers = await Promise.all(Array.from({ length: 100 }, () => reserve(harness, draw)))
      assert.equal(answers.filter(({ status }) => status === 'reserved').length, 10)
      assert.deepEqual(await harness.ledger.read([draw]), [10])
    },
  },
  {
    name: 'D10: takes from all limits or from none, and says which one had no room',
    async run(harness) {
      const [wide, narrow] = [await period(harness, 5, 100), await period(harness, 5, 8)]
      await reserved(harness, wide, narrow)
      const answer = await refused(harness, wide, narrow)
      assert.deepEqual([answer.at, answer.used, answer.retryAtMs], [1, 5, narrow.kind === 'period' ? narrow.endsAt : 0])
      assert.deepEqual(await harness.ledger.read([wide, narrow]), [5, 5])
    },
  },
  {
    name: 'D3: replaces what was reserved by what was used, once',
    async run(harness) {
      const draw = await period(harness, 50, 100)
      const { reservation } = await reserved(harness, draw)
      assert.equal(await harness.ledger.settle(reservation, [7]), 'settled')
      assert.equal(await harness.ledger.settle(reservation, [7]), 'known')
      assert.equal(await harness.ledger.settle(reservation, [900]), 'known')
      assert.deepEqual(await harness.ledger.read([draw]), [7])
    },
  },
  {
    name: 'counts what was used beyond the reservation, and lets nobody in after that',
    async run(harness) {
      const draw = await period(harness, 10, 100)
      const { reservation } = await reserved(harness, draw)
      await harness.ledger.settle(reservation, [130])
      assert.deepEqual(await harness.ledger.read([draw]), [130])
      await refused(harness, draw)
    },
  },
  {
    name: 'the same id is the same reservation, however often it is asked for',
    async run(harness) {
      const draw = await period(harness, 10, 15)
      const id = newId()
      for (let time = 0; time < 3; time++) assert.equal((await harness.ledger.reserve({ id, draws: [draw], ttlMs: HOUR })).status, 'reserved')
      assert.deepEqual(await harness.ledger.read([draw]), [10])
    },
  },
  {
    name: 'D2: an amount as large as the limit has room in an empty one',
    async run(harness) {
      const draw = await period(harness, 100, 100)
      await reserved(harness, draw)
      await refused(harness, { ...draw, amount: 1 })
    },
  },
  {
    name: 'D11: keeps integers exact, up to the largest there are',
    async run(harness) {
      const draw = await period(harness, 4_000_000_000_000_001, Number.MAX_SAFE_INTEGER)
      const { reservation } = await reserved(harness, draw)
      await reserved(harness, draw)
      assert.deepEqual(await harness.ledger.read([draw]), [8_000_000_000_000_002])
      await harness.ledger.settle(reservation, [1])
      assert.deepEqual(await harness.ledger.read([draw]), [4_000_000_000_000_002])
    },
  },
  {
    name: 'F-83: a period that is not the present one by the ledger’s clock is refused as such',
    async run(harness) {
      const now = await harness.now()
      const past: Draw = { kind: 'period', key: newKey(), amount: 1, limit: 5, startsAt: now - 2 * HOUR, endsAt: now - HOUR }
      for (const draw of [past, { ...past, startsAt: now + HOUR, endsAt: now + 2 * HOUR }]) {
        const answer = await reserve(harness, draw)
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
      const first: Draw = { kind: 'period', key, amount: 10, limit: 10, startsAt: now - HOUR, endsAt: now + HOUR }
      const second: Draw = { ...first, startsAt: now - HOUR + 1 }
      const { reservation } = await reserved(harness, first)
      await reserved(harness, second)
      await harness.ledger.settle(reservation, [3])
      assert.deepEqual(await harness.ledger.read([first, second]), [3, 10])
    },
  },
  {
    name: 'a counter for ever never begins anew',
    async run(harness) {
      const draw: Draw = { kind: 'period', key: newKey(), amount: 6, limit: 10, startsAt: 0, endsAt: Number.POSITIVE_INFINITY }
      await reserved(harness, draw)
      assert.equal((await refused(harness, draw)).retryAtMs, Number.POSITIVE_INFINITY)
    },
  },
  {
    name: 'leases are given back by the settlement',
    async run(harness) {
      const draw: Draw = { kind: 'lease', key: newKey(), amount: 1, limit: 2, leaseMs: HOUR }
      const { reservation } = await reserved(harness, draw)
      await reserved(harness, draw)
      await refused(harness, draw)
      await harness.ledger.settle(reservation, [0])
      await reserved(harness, draw)
      assert.deepEqual(await harness.ledger.read([draw]), [2])
    },
  },
  {
    name: 'leases end by themselves when nobody gives them back',
    async run(harness) {
      const draw: Draw = { kind: 'lease', key: newKey(), amount: 1, limit: 1, leaseMs: 200 }
      await reserved(harness, draw)
      await refused(harness, draw)
      await harness.pass(250)
      await reserved(harness, draw)
    },
  },
  {
    name: 'a sliding window has room again when what filled it is older than the window, and says when',
    async run(harness) {
      const draw: Draw = { kind: 'sliding', key: newKey(), amount: 10, limit: 10, windowMs: 1_000 }
      await reserved(harness, draw)
      const { retryAtMs, nowMs } = await refused(harness, draw)
      assert.ok(retryAtMs - nowMs > 900 && retryAtMs - nowMs <= 1_100, `room in ${retryAtMs - nowMs} ms`)
      await harness.pass(retryAtMs - nowMs + 20)
      await reserved(harness, draw)
    },
  },
  {
    name: 'a sliding window is settled in the part of it where it was reserved',
    async run(harness) {
      const draw: Draw = { kind: 'sliding', key: newKey(), amount: 10, limit: 12, windowMs: HOUR }
      const { reservation } = await reserved(harness, draw)
      await harness.ledger.settle(reservation, [4])
      assert.deepEqual(await harness.ledger.read([draw]), [4])
      await refused(harness, draw)
    },
  },
  {
    name: 'F-73: a settlement whose reservation is lost counts what it cost, once',
    async run(harness) {
      const draw = await period(harness, 50, 100)
      const lost = { id: newId(), draws: [draw], buckets: [undefined], ttlMs: HOUR }
      assert.equal(await harness.ledger.settle(lost, [30]), 'lost')
      assert.equal(await harness.ledger.settle(lost, [30]), 'known')
      assert.deepEqual(await harness.ledger.read([draw]), [30])
    },
  },
  {
    name: 'D8: forgets on demand, and a settlement afterwards gives no credit',
    async run(harness) {
      const draw = await period(harness, 50, 100)
      const { reservation } = await reserved(harness, draw)
      await harness.ledger.reset([draw])
      assert.deepEqual(await harness.ledger.read([draw]), [0])
      await harness.ledger.settle(reservation, [1])
      const [used] = await harness.ledger.read([draw])
      assert.ok(used === 0 || used === 1, `used ${used}`)
    },
  },
]
