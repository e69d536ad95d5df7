import type { HealthStore } from '../health/index.ts'
import { type AdminStore, MemoryAdminStore } from './admin-store.ts'
import type { LimitStore } from './limit-store.ts'
import type { OpenWindow } from './request-window.ts'
import { MemoryTables } from './memory-tables.ts'
import { SqliteAdminStore } from './sqlite-admin-store.ts'
import { openDatabase, SqliteTables } from './sqlite-tables.ts'
import { TableLimitStore } from './table-limit-store.ts'

/**
 * Where the gateway keeps what must outlive a request. `redisStore()` of `@postern/redis` makes one
 * that instances share.
 */
export interface Store {
  /** `memory`, `sqlite`, `redis`, or the name of your own. */
  readonly name: string
  /** Whether other processes see the same numbers. */
  readonly isShared: boolean
  readonly limitStore: LimitStore
  /** Where keys are kept that are made while the gateway runs; without one, there are none. */
  readonly adminStore?: AdminStore
  /**
   * Where instances tell each other which targets are not well; without one, each finds out by
   * itself.
   */
  readonly healthStore?: HealthStore
  /**
   * Counts wrong credentials and admin requests for all instances; without it, each counts for
   * itself.
   */
  readonly openWindow?: OpenWindow
  /**
   * Settles when the first attempt to reach the store has ended, well or not: calls before that
   * wait for it. Never rejects. Absent where there is nothing to wait for.
   */
  readonly opening?: Promise<void> | undefined
  /**
   * The policy by which the store may throw away what was written when its memory is full;
   * `undefined` where it does not. Rejects where that is not known.
   */
  evictionPolicy?(): Promise<string | undefined>
  /** Frees what the store itself has opened; a client it was given stays open. */
  close(): Promise<void>
}

/** In the memory of this process: every process counts for itself. */
export function memoryStore(now: () => number): Store {
  return {
    name: 'memory',
    isShared: false,
    limitStore: new TableLimitStore(new MemoryTables(now), now),
    adminStore: new MemoryAdminStore(),
    close: () => Promise.resolve(),
  }
}

/**
 * In a file, for processes of one machine. @param path of the file, made when there is none; throws
 * when it cannot be opened
 */
export function sqliteStore(path: string, now: () => number): Store {
  const database = openDatabase(path)
  return {
    name: 'sqlite',
    isShared: true,
    limitStore: new TableLimitStore(new SqliteTables(database, now), now),
    adminStore: new SqliteAdminStore(database),
    close() {
      if (database.isOpen) database.close()
      return Promise.resolve()
    },
  }
}
