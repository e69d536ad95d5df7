import type { DatabaseSync } from 'node:sqlite'
import type { AdminStore, AdminChanges, StoredEntry } from './admin-store.ts'

/** Rows read at once without a noticeable delay. */
const MOST_AT_ONCE = 1_000

/** The admin store in the file of a SQLite store. */
export class SqliteAdminStore implements AdminStore {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  async changesSince(version: number): Promise<AdminChanges> {
    const rows = this.#database
      .prepare('SELECT version, written FROM entries WHERE version > ? ORDER BY version LIMIT ?')
      .all(version, MOST_AT_ONCE)
    return {
      version: rows.length === 0 ? version : Number(rows.at(-1)?.['version']),
      entries: rows.map(({ written }) => JSON.parse(String(written)) as StoredEntry),
      secret: this.#kept(),
      isMore: rows.length === MOST_AT_ONCE,
    }
  }

  async put(entry: StoredEntry): Promise<void> {
    // One statement: no other process takes the same version.
    this.#database
      .prepare(
        'INSERT OR REPLACE INTO entries SELECT ?, coalesce(max(version), 0) + 1, ? FROM entries',
      )
      .run(entry.id, JSON.stringify(entry))
  }

  async secret(fresh: string): Promise<string> {
    this.#database.prepare("INSERT OR IGNORE INTO facts VALUES ('secret', ?)").run(fresh)
    return this.#kept() ?? fresh
  }

  #kept(): string | undefined {
    const value = this.#database.prepare("SELECT value FROM facts WHERE name = 'secret'").get()?.[
      'value'
    ]
    return value === undefined ? undefined : String(value)
  }
}
