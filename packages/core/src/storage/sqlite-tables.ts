import { createRequire } from 'node:module'
import type Sqlite from 'node:sqlite'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { type Charge, HELD_MS, MOST_COUNTED } from './limit-store.ts'
import type { Held, ReservationState, Tables } from './table-limit-store.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS counters (key TEXT PRIMARY KEY, value INTEGER NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS buckets (key TEXT NOT NULL, bucket INTEGER NOT NULL, value INTEGER NOT NULL, expires_at REAL NOT NULL, PRIMARY KEY (key, bucket)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS leases (key TEXT NOT NULL, id TEXT NOT NULL, expires_at REAL NOT NULL, PRIMARY KEY (key, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS reservations (id TEXT PRIMARY KEY, state TEXT NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS instances (instance TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS held (instance TEXT NOT NULL, id TEXT NOT NULL, written TEXT NOT NULL, PRIMARY KEY (instance, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY, version INTEGER NOT NULL, written TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entries_by_version ON entries (version);
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`

/** Opens the file, which is made when there is none. Throws when it cannot be opened. */
export function openDatabase(path: string): DatabaseSync {
  // Node tells that its SQLite is experimental (22) as soon as it is imported: only who uses it is
  // to hear that.
  const sqlite = createRequire(import.meta.url)('node:sqlite') as typeof Sqlite
  const database = new sqlite.DatabaseSync(path)
  // Several processes may start at once: the second waits until the first has made the tables.
  database.exec(
    `PRAGMA busy_timeout = ${OPENING_TIMEOUT_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;${SCHEMA}PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS};`,
  )
  return database
}

/**
 * An integer beyond JavaScript's range cannot be read, and would break the store for every caller.
 */
const READ_VALUE = `min(CAST(value AS INTEGER), ${MOST_COUNTED})`
const ADDED = (amount: string): string => `max(0, min(${MOST_COUNTED}, value + ${amount}))`

/** Steps between two sweeps of expired entries. */
const STEPS_BETWEEN_SWEEPS = 1_024
/**
 * A step of another process takes so long at most; one that takes longer is a failure of the store.
 */
const BUSY_TIMEOUT_MS = 40
/** When the gateway starts, there is time. */
const OPENING_TIMEOUT_MS = 5_000

/** Numbers in a file, which processes of one machine may share and which outlives them. */
export class SqliteTables implements Tables {
  readonly #database: DatabaseSync
  readonly #now: () => number
  readonly #statements = new Map<string, StatementSync>()
  #steps = 0

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database
    this.#now = now
  }

  counter(key: string, nowMs: number): number {
    return this.#number(
      `SELECT ${READ_VALUE} AS n FROM counters WHERE key = ? AND expires_at > ?`,
      key,
      nowMs,
    )
  }

  hasCounter(key: string, nowMs: number): boolean {
    return (
      this.#number(
        'SELECT count(*) AS n FROM counters WHERE key = ? AND expires_at > ?',
        key,
        nowMs,
      ) > 0
    )
  }

  add(key: string, amount: number, expiresAtMs: number): void {
    this.#run(
      `INSERT INTO counters VALUES (?1, max(0, ?2), ?3) ON CONFLICT (key) DO UPDATE SET value = ${ADDED('?2')}, expires_at = max(expires_at, ?3)`,
      key,
      amount,
      expiresAtMs,
    )
  }

  forget(key: string): void {
    for (const table of ['counters', 'buckets', 'leases'])
      this.#run(`DELETE FROM ${table} WHERE key = ?`, key)
  }

  buckets(key: string, from: number): readonly (readonly [number, number])[] {
    const rows = this.#prepared(
      `SELECT bucket, ${READ_VALUE} AS value FROM buckets WHERE key = ? AND bucket >= ? ORDER BY bucket`,
    ).all(key, from)
    return rows.map(({ bucket, value }) => [Number(bucket), Number(value)] as const)
  }

  addToBucket(
    key: string,
    {
      number,
      amount,
      oldest,
      expiresAtMs,
    }: {
      readonly number: number
      readonly amount: number
      readonly oldest: number
      readonly expiresAtMs: number
    },
  ): void {
    this.#run(
      `INSERT INTO buckets VALUES (?1, ?2, max(0, ?3), ?4) ON CONFLICT (key, bucket) DO UPDATE SET value = ${ADDED('?3')}`,
      key,
      number,
      amount,
      expiresAtMs,
    )
    this.#run('DELETE FROM buckets WHERE key = ? AND bucket < ?', key, oldest)
  }

  leases(key: string, nowMs: number): number {
    return this.#number(
      'SELECT count(*) AS n FROM leases WHERE key = ? AND expires_at > ?',
      key,
      nowMs,
    )
  }

  lease(key: string, id: string, untilMs: number): void {
    this.#run('INSERT OR REPLACE INTO leases VALUES (?, ?, ?)', key, id, untilMs)
  }

  release(key: string, id: string): void {
    this.#run('DELETE FROM leases WHERE key = ? AND id = ?', key, id)
  }

  reservation(id: string, nowMs: number): ReservationState | undefined {
    const row = this.#prepared(
      'SELECT state FROM reservations WHERE id = ? AND expires_at > ?',
    ).get(id, nowMs)
    return row === undefined ? undefined : (row['state'] as ReservationState)
  }

  remember(id: string, state: ReservationState, expiresAtMs: number): void {
    this.#run('INSERT OR REPLACE INTO reservations VALUES (?, ?, ?)', id, state, expiresAtMs)
  }

  renewInstance(instance: string, untilMs: number): void {
    this.#run('INSERT OR REPLACE INTO instances VALUES (?, ?)', instance, untilMs)
  }

  endedInstance(nowMs: number): string | undefined {
    const row = this.#prepared(
      'SELECT instance FROM instances WHERE until <= ? AND EXISTS (SELECT 1 FROM held WHERE held.instance = instances.instance) LIMIT 1',
    ).get(nowMs)
    return row === undefined ? undefined : String(row['instance'])
  }

  instances(nowMs: number): number {
    return Number(
      this.#prepared('SELECT COUNT(*) AS count FROM instances WHERE until > ?').get(nowMs)?.[
        'count'
      ] ?? 1,
    )
  }

  hold(instance: string, id: string, held: Held): void {
    this.#run('INSERT OR REPLACE INTO held VALUES (?, ?, ?)', instance, id, JSON.stringify(held))
  }

  held(instance: string, id: string): Held | undefined {
    const row = this.#prepared('SELECT written FROM held WHERE instance = ? AND id = ?').get(
      instance,
      id,
    )
    return row === undefined ? undefined : readHeld(String(row['written']))
  }

  letGo(instance: string, id: string): void {
    this.#run('DELETE FROM held WHERE instance = ? AND id = ?', instance, id)
  }

  heldBy(instance: string, most: number): readonly (readonly [string, Held])[] {
    const rows = this.#prepared('SELECT id, written FROM held WHERE instance = ? LIMIT ?').all(
      instance,
      most,
    )
    return rows.map(({ id, written }) => [String(id), readHeld(String(written))] as const)
  }

  atomically<T>(step: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      this.#steps += 1
      if (this.#steps % STEPS_BETWEEN_SWEEPS === 0) this.#sweep(this.#now())
      const result = step()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #sweep(nowMs: number): void {
    for (const table of ['counters', 'buckets', 'leases', 'reservations'])
      this.#run(`DELETE FROM ${table} WHERE expires_at <= ?`, nowMs)
    this.#run('DELETE FROM instances WHERE until <= ?', nowMs - HELD_MS)
    this.#run('DELETE FROM held WHERE instance NOT IN (SELECT instance FROM instances)')
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepared(sql).run(...values)
  }

  #number(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).get(...values)?.['n'] ?? 0)
  }
}

/** JSON knows no infinity: what has no end is written as `null`. */
function readHeld(written: string): Held {
  const { charges, buckets } = JSON.parse(written) as {
    readonly charges: readonly Charge[]
    readonly buckets: readonly (number | null)[]
  }
  return {
    charges: charges.map((charge) =>
      charge.kind === 'period'
        ? { ...charge, endsAt: charge.endsAt ?? Number.POSITIVE_INFINITY }
        : charge,
    ),
    buckets: buckets.map((bucket) => bucket ?? undefined),
  }
}
