/** A virtual key as it is kept: never the key itself. */
export interface StoredKey {
  readonly kind: 'key'
  /** `key_...`, of this one key: a rotated key has another. */
  readonly id: string
  /** Of the caller, in records and limits; kept over rotations. */
  readonly name: string
  /** HMAC-SHA256 of the key under the admin store's secret, in hex. */
  readonly hash: string
  /** The first characters of the key, to tell keys apart by. */
  readonly hint: string
  /** Milliseconds since the epoch, here and below. */
  readonly createdAt: number
  readonly expiresAt?: number | undefined
  /** Another key has taken its place; it works until `expiresAt`. */
  readonly rotatedAt?: number
  readonly revokedAt?: number | undefined
  /** Revoked, and what was under way with it was ended. */
  readonly isKilled?: boolean
  /** Permissions and attribution of the key, as they were requested. */
  readonly grants: Readonly<Record<string, unknown>>
}

/** A limit that was made while the gateway runs. */
export interface StoredLimit {
  readonly kind: 'limit'
  /** `limit_...` */
  readonly id: string
  readonly createdAt: number
  readonly removedAt?: number | undefined
  /** As an entry of the option `limits`. */
  readonly written: Readonly<Record<string, unknown>>
}

/** A target that was switched off, or on again, while the gateway runs. */
export interface StoredSwitch {
  readonly kind: 'switch'
  /** `switch ` and the target. */
  readonly id: string
  /** `provider/model` or `provider/*` */
  readonly target: string
  readonly isOff: boolean
  readonly changedAt: number
}

/** In place of an entry that was taken out: those who know the entry learn of it. */
export interface StoredRemoval {
  readonly kind: 'removed'
  readonly id: string
}

/** Entries that administrators write while the gateway runs. */
export type StoredEntry = StoredKey | StoredLimit | StoredSwitch | StoredRemoval

export interface AdminChanges {
  /** Of the last of these writes; that of the admin store, where there are none. */
  readonly version: number
  /**
   * In the order of their versions; not more at once than a store gives without keeping others
   * waiting.
   */
  readonly entries: readonly StoredEntry[]
  /** There were more writes after these. */
  readonly isMore?: boolean
  /** That of `Directory.secret`; absent where none is kept yet. */
  readonly secret?: string | undefined
  /**
   * The store has lost a part of what was written, as one does that evicts keys: `entries` are
   * empty then, see `restore`.
   */
  readonly isDamaged?: boolean
}

/** Everything that an instance knows of a admin store. */
export interface KnownAdminState {
  /** Of the last write it has read; -1 where it knows nothing. */
  readonly version: number
  readonly secret: string
  readonly entries: readonly StoredEntry[]
}

/** Entries that administrators wrote, the same for every instance. */
export interface AdminStore {
  /**
   * Entries written after `version`, the oldest first; 0 for everything. Later writes of an entry
   * replace earlier ones.
   */
  changesSince(version: number): Promise<AdminChanges>
  put(entry: StoredEntry): Promise<void>
  /** The secret that hashes are made with: the one that is kept, or `fresh`, which is kept then. */
  secret(fresh: string): Promise<string>
  /**
   * Writes back what the store has lost of it, keeps what is there, and writes a removal for what
   * `known` does not hold as it was last. False, and nothing is written, where the age of what was
   * lost is not known. Only stores that can lose a part have it.
   */
  restore?(known: KnownAdminState): Promise<boolean>
}

/** Of this process alone, gone with it. */
export class MemoryAdminStore implements AdminStore {
  readonly #entries = new Map<string, { readonly entry: StoredEntry; readonly version: number }>()
  #version = 0
  #secret: string | undefined

  changesSince(version: number): Promise<AdminChanges> {
    const changed =
      version === this.#version
        ? []
        : [...this.#entries.values()].filter((kept) => kept.version > version)
    const entries = changed
      .toSorted((one, other) => one.version - other.version)
      .map(({ entry }) => entry)
    return Promise.resolve({ version: this.#version, entries, secret: this.#secret })
  }

  put(entry: StoredEntry): Promise<void> {
    this.#version += 1
    this.#entries.set(entry.id, { entry, version: this.#version })
    return Promise.resolve()
  }

  secret(fresh: string): Promise<string> {
    this.#secret ??= fresh
    return Promise.resolve(this.#secret)
  }
}
