/**
 * One of several processes that use one limit store at random, as hard as they can, and write down
 * what they did: reserves, settlements (once, twice, with more than was reserved), and requests
 * that are never settled, as of a process that died.
 */
import { type Charge, memoryStore, sqliteStore, type Store } from '@postern/core'
import { redisStore } from '@postern/redis'

/** Actions of a worker for one request. */
export interface Entry {
  readonly id: string
  /** Names of the counters, and what was reserved of each. */
  readonly amounts: Readonly<Record<string, number>>
  /** Settled amounts; absent when it never settled. */
  readonly actuals?: Readonly<Record<string, number>>
  readonly reserve: 'reserved' | 'refused' | 'unknown'
  /** How many times the limit store said that it settled for the first time. */
  readonly settled: number
  /** A counter was above its limit when a reservation was given. */
  readonly isOver: boolean
  /** When it was given, in milliseconds since the epoch. */
  readonly reservedAt?: number
}

export interface History {
  readonly operations: number
  readonly entries: readonly Entry[]
}

export const LIMIT = 2_000
const IN_FLIGHT = 16
const LONGEST_MS = 3_600_000

/** The small generator of Lehmer: the same numbers from the same seed. */
function randomFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

/** @param counters how many there are: each fills up, and refuses then */
export async function useLedger(
  store: Store,
  {
    seed,
    operations,
    counters,
  }: { readonly seed: number; readonly operations: number; readonly counters: number },
): Promise<History> {
  const random = randomFrom(seed)
  const below = (most: number): number => Math.floor(random() * most)
  const entries: Entry[] = []
  let done = 0
  let requests = 0

  async function request(): Promise<void> {
    const id = `s${seed}-${(requests += 1)}`
    const names = [
      ...new Set([`a${below(counters)}`, `b${below(counters)}`, `a${below(counters)}`]),
    ]
    const amounts = Object.fromEntries(names.map((name) => [name, 1 + below(50)]))
    const charges: Charge[] = names.map((name) => ({
      kind: 'period',
      key: name,
      amount: amounts[name] ?? 0,
      limit: LIMIT,
      startsAt: 0,
      endsAt: Number.POSITIVE_INFINITY,
    }))
    const fate = random()
    const actuals = Object.fromEntries(
      names.map((name) => [name, below(2 * (amounts[name] ?? 0) + 1)]),
    )
    done += 1
    const answer = await store.limitStore
      .reserve({
        id,
        charges,
        ttlMs: LONGEST_MS,
        lease: { instance: `s${seed}`, leaseMs: LONGEST_MS },
      })
      .catch(() => undefined)
    // It is away: not to be asked as fast as it can refuse.
    if (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    if (answer === undefined || answer.status !== 'reserved') {
      entries.push({
        id,
        amounts,
        reserve: answer === undefined ? 'unknown' : 'refused',
        settled: 0,
        isOver: false,
      })
      return
    }
    const isOver = answer.used.some((used) => used > LIMIT)
    const reservedAt = Date.now()
    // One in ten dies without a word.
    if (fate < 0.1)
      return void entries.push({ id, amounts, reserve: 'reserved', settled: 0, isOver, reservedAt })
    let settled = 0
    for (let time = 0; time < (fate < 0.3 ? 2 : 1); time++) {
      done += 1
      const said = await store.limitStore
        .settle(
          answer.reservation,
          names.map((name) => actuals[name] ?? 0),
        )
        .catch(() => undefined)
      if (said === 'settled' || said === 'lost') settled += 1
    }
    entries.push({ id, amounts, actuals, reserve: 'reserved', settled, isOver, reservedAt })
  }

  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (done < operations) await request()
    }),
  )
  return { operations: done, entries }
}

if (process.send !== undefined && process.env['LEDGER'] !== undefined) {
  const { LEDGER = '', SEED, OPERATIONS, COUNTERS } = process.env
  const store = LEDGER.startsWith('redis')
    ? redisStore({ url: LEDGER, prefix: 'history' })
    : LEDGER === 'memory'
      ? memoryStore(Date.now)
      : sqliteStore(LEDGER, Date.now)
  // A connection takes a moment.
  while (
    !(await store.limitStore
      .read([{ kind: 'lease', key: 'up', amount: 1, limit: 1, leaseMs: 1 }])
      .then(
        () => true,
        () => false,
      ))
  )
    await new Promise((resolve) => setTimeout(resolve, 20))
  const history = await useLedger(store, {
    seed: Number(SEED),
    operations: Number(OPERATIONS),
    counters: Number(COUNTERS),
  })
  process.send(history, () => process.exit(0))
}
