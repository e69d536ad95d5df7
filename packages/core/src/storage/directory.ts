/** A virtual key as it is kept: never the key itself. */
export interface StoredKey {
  /** `key_...`, of this one key: a rotated key has another. */
  readonly id: string
  /** Of the caller, in records and limits; kept over rotations. */
  readonly name: string
  /** HMAC-SHA256 of the key under the directory's secret, in hex. */
  readonly hash: string
  /** The first characters of the key, to tell keys apart by. */
  readonly hint: string
  /** Milliseconds since the epoch, here and below. */
  readonly createdAt: number
  readonly expiresAt?: number | undefined
  readonly revokedAt?: number | undefined
  /** What the key may do and whose use it is, as it was asked for. */
  readonly grants: Readonly<Record<string, unknown>>
}

/** Keys that are made while the gateway runs, the same for every instance. */
export interface Directory {
  /** What was written after `version`; 0 for everything. Later writes of a key replace earlier ones. */
  changesSince(version: number): Promise<{ readonly version: number; readonly keys: readonly StoredKey[] }>
  put(key: StoredKey): Promise<void>
  /** The secret that hashes are made with: the one that is kept, or `fresh`, which is kept then. */
  secret(fresh: string): Promise<string>
}

/** Keys of this process alone, gone with it. */
export class MemoryDirectory implements Directory {
  readonly #keys = new Map<string, { readonly key: StoredKey; readonly version: number }>()
  #version = 0
  #secret: string | undefined

  changesSince(version: number): Promise<{ version: number; keys: StoredKey[] }> {
    const keys = version === this.#version ? [] : [...this.#keys.values()].filter((entry) => entry.version > version).map(({ key }) => key)
    return Promise.resolve({ version: this.#version, keys })
  }

  put(key: StoredKey): Promise<void> {
    this.#version += 1
    this.#keys.set(key.id, { key, version: this.#version })
    return Promise.resolve()
  }

  secret(fresh: string): Promise<string> {
    this.#secret ??= fresh
    return Promise.resolve(this.#secret)
  }
}
