import type { DatabaseSync } from 'node:sqlite'
import type { Directory, StoredKey } from './directory.ts'

/** Keys in the file of a SQLite store. */
export class SqliteDirectory implements Directory {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  async changesSince(version: number): Promise<{ version: number; keys: StoredKey[] }> {
    const rows = this.#database.prepare('SELECT version, written FROM keys WHERE version > ? ORDER BY version').all(version)
    return { version: rows.length === 0 ? version : Number(rows.at(-1)?.['version']), keys: rows.map(({ written }) => JSON.parse(String(written)) as StoredKey) }
  }

  async put(key: StoredKey): Promise<void> {
    // One statement: no other process takes the same version.
    this.#database.prepare('INSERT OR REPLACE INTO keys SELECT ?, coalesce(max(version), 0) + 1, ? FROM keys').run(key.id, JSON.stringify(key))
  }

  async secret(fresh: string): Promise<string> {
    this.#database.prepare("INSERT OR IGNORE INTO facts VALUES ('secret', ?)").run(fresh)
    return String(this.#database.prepare("SELECT value FROM facts WHERE name = 'secret'").get()?.['value'])
  }
}
