import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { AdminCache, StoredEntry, StoredKey } from '../storage/index.ts'
import type { KnownCaller } from './caller-key.ts'

/** How long known keys are trusted while the store is down. */
const BELIEVED_MS = 60_000
const HINT_LENGTH = 10

/** A key that was just made: the only time that it is there to be read. */
export interface MadeKey {
  readonly key: string
  readonly stored: StoredKey
}

export interface ManagedKeysOptions {
  readonly register: Pick<AdminCache, 'list' | 'put' | 'refresh' | 'ageMs' | 'secret'>
  readonly clock: Clock
  /** Reads what a key was given, which was checked when it was made. */
  readonly callerOf: (stored: StoredKey) => KnownCaller
}

/**
 * The virtual keys that are made while the gateway runs. Kept as HMACs and shared by all instances.
 */
export class ManagedKeys {
  readonly #options: ManagedKeysOptions
  #byHash = new Map<string, { readonly stored: StoredKey; readonly caller: KnownCaller }>()

  constructor(options: ManagedKeysOptions) {
    this.#options = options
  }

  /** Takes over what the register has learned. */
  learn(changed: readonly StoredEntry[], isAnew: boolean): void {
    if (isAnew) this.#byHash = new Map()
    for (const entry of changed) {
      if (entry.kind === 'key')
        this.#byHash.set(entry.hash, {
          stored: entry,
          caller: Object.freeze(this.#options.callerOf(entry)),
        })
      else if (entry.kind === 'removed') this.#forget(entry.id)
    }
  }

  /**
   * The caller with this key; `undefined` for an unknown key. Rejects with `store_unavailable` when
   * that cannot be checked.
   */
  async find(key: string): Promise<KnownCaller | undefined> {
    const { register } = this.#options
    const refreshing = register.refresh()
    if (refreshing !== undefined) await refreshing
    if (register.ageMs > BELIEVED_MS || register.secret === undefined)
      throw new GatewayError('store_unavailable', 'Keys cannot be checked at the moment.', {
        retryAfterMs: 1_000,
      })
    const found = this.#byHash.get(hashOf(key, register.secret))
    return found !== undefined && this.#isValid(found.stored) ? found.caller : undefined
  }

  /** Every key there is, revoked ones too, the oldest first. */
  async list(): Promise<readonly StoredKey[]> {
    return (await this.#options.register.list('key')).toSorted(
      (one, other) => one.createdAt - other.createdAt,
    )
  }

  /** @param expiresAt milliseconds since the epoch */
  async make({
    name,
    grants,
    expiresAt,
  }: {
    readonly name: string
    readonly grants: StoredKey['grants']
    readonly expiresAt?: number | undefined
  }): Promise<MadeKey> {
    const { register, clock } = this.#options
    // The first key of all: the secret has not been read yet.
    if (register.secret === undefined) await register.list('key')
    const { secret } = register
    if (secret === undefined) throw new TypeError('A directory that has been read has a secret.')
    const key = `pk_${randomBytes(32).toString('base64url')}`
    const stored: StoredKey = {
      kind: 'key',
      id: `key_${randomUUID().replaceAll('-', '')}`,
      name,
      hash: hashOf(key, secret),
      hint: key.slice(0, HINT_LENGTH),
      createdAt: clock.now(),
      ...(expiresAt !== undefined && { expiresAt }),
      grants,
    }
    await register.put(stored)
    return { key, stored }
  }

  /** Another key for the same caller; the old one is good for `graceMs` more. */
  async rotate(old: StoredKey, graceMs: number): Promise<MadeKey> {
    const made = await this.make({ name: old.name, grants: old.grants, expiresAt: old.expiresAt })
    const now = this.#options.clock.now()
    await this.#options.register.put({
      ...old,
      rotatedAt: now,
      expiresAt: Math.min(old.expiresAt ?? Number.POSITIVE_INFINITY, now + graceMs),
    })
    return made
  }

  revoke(key: StoredKey): Promise<StoredKey> {
    return this.#write({ ...key, revokedAt: key.revokedAt ?? this.#options.clock.now() })
  }

  /** Revokes it, and ends what is under way with it. */
  kill(key: StoredKey): Promise<StoredKey> {
    return this.#write({
      ...key,
      revokedAt: key.revokedAt ?? this.#options.clock.now(),
      isKilled: true,
    })
  }

  change(key: StoredKey, grants: StoredKey['grants']): Promise<StoredKey> {
    return this.#write({ ...key, grants })
  }

  /** Takes out a key that opens nothing any more. */
  remove({ id }: StoredKey): Promise<void> {
    return this.#options.register.put({ kind: 'removed', id })
  }

  #forget(id: string): void {
    for (const [hash, { stored }] of this.#byHash) if (stored.id === id) this.#byHash.delete(hash)
  }

  async #write(key: StoredKey): Promise<StoredKey> {
    await this.#options.register.put(key)
    return key
  }

  #isValid({ expiresAt, revokedAt }: StoredKey): boolean {
    return (
      revokedAt === undefined && (expiresAt === undefined || expiresAt > this.#options.clock.now())
    )
  }
}

function hashOf(key: string, secret: string): string {
  return createHmac('sha256', secret).update(key).digest('hex')
}
