import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type Sqlite from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { createClient } from '@redis/client'
import { type Entry, type History, LIMIT } from './limit-store-worker.ts'

/** Content of a limit store at the end. */
export interface Final {
  counter(name: string): number
  /** Of a reservation; `undefined` when it was never made. */
  state(id: string): 'open' | 'settled' | undefined
}

export interface Verdict {
  readonly operations: number
  readonly reserved: number
  readonly refused: number
  readonly unknown: number
  readonly abandoned: number
  /** Everything that must not be; empty when all is well. */
  readonly wrong: readonly string[]
}

/**
 * Checks a history of several processes against what the limit store holds: every counter is the
 * sum of what was settled and of what was reserved and never settled, no reservation took a counter
 * above its limit, nothing was settled twice.
 */
export function judge(histories: readonly History[], final: Final): Verdict {
  const sums = new Map<string, { value: number; excess: number }>()
  const wrong: string[] = []
  const entries = histories.flatMap((history) => history.entries)
  for (const entry of entries) {
    const state = final.state(entry.id)
    if (entry.isOver) wrong.push(`${entry.id} was let in above a limit`)
    if (entry.settled > 1) wrong.push(`${entry.id} was settled ${entry.settled} times`)
    if (entry.reserve === 'reserved' && state === undefined)
      wrong.push(`${entry.id} was reserved and is not known`)
    if (entry.reserve === 'refused' && state !== undefined)
      wrong.push(`${entry.id} was refused and is there`)
    if (state !== undefined) add(sums, entry, state)
  }
  for (const [name, { value, excess }] of sums) {
    const held = final.counter(name)
    if (held !== value) wrong.push(`${name} holds ${held}, and what was used is ${value}`)
    if (held > LIMIT + excess)
      wrong.push(
        `${name} holds ${held}, more than its limit and what was used beyond reservations (${excess})`,
      )
  }
  const count = (test: (entry: Entry) => boolean): number => entries.filter(test).length
  return {
    operations: histories.reduce((sum, { operations }) => sum + operations, 0),
    reserved: count(({ reserve }) => reserve === 'reserved'),
    refused: count(({ reserve }) => reserve === 'refused'),
    unknown: count(({ reserve }) => reserve === 'unknown'),
    abandoned: count(({ reserve, actuals }) => reserve === 'reserved' && actuals === undefined),
    wrong,
  }
}

export interface FailoverVerdict {
  readonly operations: number
  /** Reservations that were given and that the promoted replica has never heard of. */
  readonly lost: number
  readonly wrong: readonly string[]
}

/**
 * Checks a history through which a replica took over that had not heard of the last writes: what is
 * lost was written within that time, every counter is the sum of what is left, and what was used
 * goes beyond a limit by no more than what was lost.
 *
 * @param window from when to when writes did not reach the replica, in milliseconds since the epoch
 */
export function judgeFailover(
  histories: readonly History[],
  final: Final,
  window: { readonly from: number; readonly to: number },
): FailoverVerdict {
  const held = new Map<string, { value: number; excess: number }>()
  const used = new Map<string, { all: number; lost: number }>()
  const wrong: string[] = []
  const entries = histories
    .flatMap((history) => history.entries)
    .filter(({ reserve }) => reserve === 'reserved')
  let lost = 0
  for (const entry of entries) {
    const state = final.state(entry.id)
    const { amounts, settled, actuals = {}, reservedAt = 0 } = entry
    if (state === undefined) {
      lost += 1
      if (reservedAt < window.from - CLOCK_MS || reservedAt > window.to + CLOCK_MS)
        wrong.push(
          `${entry.id} is lost, and was reserved ${reservedAt - window.from} ms after writes began to be`,
        )
    } else add(held, entry, state)
    for (const [name, amount] of Object.entries(amounts)) {
      const sum = used.get(name) ?? { all: 0, lost: 0 }
      used.set(name, sum)
      const took = settled > 0 ? (actuals[name] ?? 0) : amount
      sum.all += took
      // The replica did not know the reservation: an unsettled one counts only what goes beyond it.
      if (state === undefined) sum.lost += took
      else if (state === 'open') sum.lost += Math.max(0, took - amount)
    }
  }
  for (const [name, { value }] of held)
    if (final.counter(name) < value)
      wrong.push(`${name} holds ${final.counter(name)}, and ${value} of it is known`)
  for (const [name, { all, lost: unknown }] of used) {
    const { excess } = held.get(name) ?? { excess: 0 }
    if (all > LIMIT + excess + unknown)
      wrong.push(
        `${name}: ${all} was used, more than the limit, what went beyond reservations (${excess}) and what was lost (${unknown})`,
      )
  }
  return { operations: histories.reduce((sum, { operations }) => sum + operations, 0), lost, wrong }
}

/**
 * Between an answer's leaving and its being written down, and what a replica is behind, on a
 * machine with much to do.
 */
const CLOCK_MS = 1_000

function add(
  sums: Map<string, { value: number; excess: number }>,
  { amounts, actuals = {} }: Entry,
  state: 'open' | 'settled',
): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const sum = sums.get(name) ?? { value: 0, excess: 0 }
    sums.set(name, sum)
    const used = state === 'settled' ? (actuals[name] ?? 0) : amount
    sum.value += used
    sum.excess += Math.max(0, used - amount)
  }
}

export interface Plan {
  /** `redis://...`, or the path of a SQLite file. */
  readonly limitStore: string
  readonly processes: number
  /** Of each process. */
  readonly operations: number
  readonly seed: number
  readonly counters: number
}

/** Runs the processes to their end. */
export async function runWorkers({
  limitStore,
  processes,
  operations,
  seed,
  counters,
}: Plan): Promise<History[]> {
  const worker = fileURLToPath(new URL('limit-store-worker.ts', import.meta.url))
  return Promise.all(
    Array.from({ length: processes }, async (_, at) => {
      const child = fork(worker, {
        serialization: 'advanced',
        env: {
          PATH: process.env['PATH'],
          LEDGER: limitStore,
          SEED: String(seed * 1_000 + at),
          OPERATIONS: String(operations),
          COUNTERS: String(counters),
        },
      })
      const died = once(child, 'exit').then(([code]) =>
        Promise.reject(new Error(`A worker ended with ${String(code)} before it was done.`)),
      )
      const [history] = (await Promise.race([once(child, 'message'), died])) as [History]
      return history
    }),
  )
}

/** @param histories whose reservations are looked up */
export async function readRedis(url: string, histories: readonly History[]): Promise<Final> {
  const client = await createClient({ url }).connect()
  const values = new Map<string, string | null>()
  const names = new Set<string>()
  const keys: string[] = []
  for (const { id, amounts } of histories.flatMap(({ entries }) => entries)) {
    keys.push(`{history}:r:${id}`)
    for (const name of Object.keys(amounts)) names.add(name)
  }
  keys.push(...[...names].map((name) => `{history}:p:${name}:0`))
  // At one moment: what a process sent before it was cut off may still be carried out after its
  // end.
  const pieces = Array.from({ length: Math.ceil(keys.length / 1_000) }, (_, index) =>
    keys.slice(index * 1_000, (index + 1) * 1_000),
  )
  const transaction = client.multi()
  for (const piece of pieces) transaction.mGet(piece)
  const found = (await transaction.exec()) as unknown as readonly (readonly (string | null)[])[]
  pieces.forEach((piece, at) =>
    piece.forEach((key, index) => values.set(key, found[at]?.[index] ?? null)),
  )
  client.destroy()
  const states: Record<string, 'open' | 'settled'> = { o: 'open', s: 'settled' }
  return {
    counter: (name) => Number(values.get(`{history}:p:${name}:0`) ?? 0),
    state: (id) => states[values.get(`{history}:r:${id}`) ?? ''],
  }
}

export function readSqlite(path: string): Final {
  const sqlite = createRequire(import.meta.url)('node:sqlite') as typeof Sqlite
  const database = new sqlite.DatabaseSync(path, { readOnly: true })
  const counters = new Map(
    database
      .prepare('SELECT key, value FROM counters')
      .all()
      .map(({ key, value }) => [String(key), Number(value)]),
  )
  const states = new Map(
    database
      .prepare('SELECT id, state FROM reservations')
      .all()
      .map(({ id, state }) => [String(id), state as 'open' | 'settled']),
  )
  database.close()
  return { counter: (name) => counters.get(`${name}:0`) ?? 0, state: (id) => states.get(id) }
}
