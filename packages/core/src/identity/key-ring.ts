import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import type { Directory, StoredKey } from '../storage/index.ts'
import type { Caller } from './caller.ts'

/** What was known is believed for so long, before somebody is asked again. */
const FRESH_MS = 500
/** And for so long where nobody can be asked. */
const BELIEVED_MS = 60_000
const ASKING_DEADLINE_MS = 50
const HINT_LENGTH = 10

/** A key that was just made: the only time that it is there to be read. */
export interface MadeKey {
  readonly key: string
  readonly stored: StoredKey
}

export interface KeyRingOptions {
  readonly directory: Directory
  readonly clock: Clock
  /** Reads what a key was given, which was checked when it was made. */
  readonly callerOf: (stored: StoredKey) => Caller
}

/**
 * The virtual keys that are made while the gateway runs. Kept as HMACs and shared by all instances: one that is revoked is
 * refused everywhere within half a second, because nobody believes what is older than that without asking.
 */
export class KeyRing {
  readonly #options: KeyRingOptions
  #byHash = new Map<string, { readonly stored: StoredKey; readonly caller: Caller }>()
  #byId = new Map<string, StoredKey>()
  #version = 0
  #secret: string | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #knownAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #turns = 0
  #heard = 0

  constructor(options: KeyRingOptions) {
    this.#options = options
  }

  /** Who presents this key; `undefined` for nobody. Rejects with `store_unavailable` where that cannot be known. */
  async find(key: string): Promise<Caller | undefined> {
    await this.#refresh()
    if (this.#secret === undefined) return undefined
    const found = this.#byHash.get(hashOf(key, this.#secret))
    return found !== undefined && this.#isValid(found.stored) ? found.caller : undefined
  }

  /** Every key there is, revoked ones too, the oldest first. */
  async list(): Promise<readonly StoredKey[]> {
    await this.#ask()
    return [...this.#byId.values()].toSorted((one, other) => one.createdAt - other.createdAt)
  }

  /** @param expiresAt milliseconds since the epoch */
  async make({ name, grants, expiresAt }: { readonly name: string; readonly grants: StoredKey['grants']; readonly expiresAt?: number | undefined }): Promise<MadeKey> {
    const secret = await this.#theSecret()
    const key = `pk_${randomBytes(32).toString('base64url')}`
    const stored: StoredKey = {
      id: `key_${randomUUID().replaceAll('-', '')}`,
      name,
      hash: hashOf(key, secret),
      hint: key.slice(0, HINT_LENGTH),
      createdAt: this.#options.clock.now(),
      ...(expiresAt !== undefined && { expiresAt }),
      grants,
    }
    await this.#put(stored)
    return { key, stored }
  }

  /** Another key for the same caller; the old one is good for `graceMs` more. */
  async rotate(old: StoredKey, graceMs: number): Promise<MadeKey> {
    const made = await this.make({ name: old.name, grants: old.grants, expiresAt: old.expiresAt })
    const until = this.#options.clock.now() + graceMs
    await this.#put({ ...old, expiresAt: Math.min(old.expiresAt ?? Number.POSITIVE_INFINITY, until) })
    return made
  }

  async revoke(key: StoredKey): Promise<StoredKey> {
    const revoked: StoredKey = { ...key, revokedAt: key.revokedAt ?? this.#options.clock.now() }
    await this.#put(revoked)
    return revoked
  }

  async change(key: StoredKey, grants: StoredKey['grants']): Promise<StoredKey> {
    const changed: StoredKey = { ...key, grants }
    await this.#put(changed)
    return changed
  }

  async #put(stored: StoredKey): Promise<void> {
    await this.#options.directory.put(stored)
    await this.#ask()
  }

  #isValid({ expiresAt, revokedAt }: StoredKey): boolean {
    return revokedAt === undefined && (expiresAt === undefined || expiresAt > this.#options.clock.now())
  }

  /** Asks when what is known is too old; where nobody answers, what was known is good for a minute. */
  async #refresh(): Promise<void> {
    const now = this.#options.clock.monotonic()
    if (now - this.#knownAt < FRESH_MS) return
    // Who does not answer is not asked by every request.
    if (now - this.#askedAt >= FRESH_MS) {
      this.#askedAt = now
      this.#asking = this.#ask()
    }
    const leftMs = this.#askedAt + ASKING_DEADLINE_MS - now
    if (this.#asking !== undefined && leftMs > 0) await this.#within(leftMs, this.#asking)
    if (this.#options.clock.monotonic() - this.#knownAt <= BELIEVED_MS) return
    throw new GatewayError('store_unavailable', 'Keys cannot be checked at the moment.', { retryAfterMs: 1_000 })
  }

  #within(ms: number, asking: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(resolve, ms)
      const isKnown = async (): Promise<void> => {
        // Where it failed, what was known is still known.
        await asking.catch(() => undefined)
        timer.clear()
        resolve()
      }
      void isKnown()
    })
  }

  async #ask(): Promise<void> {
    const since = this.#options.clock.monotonic()
    const turn = (this.#turns += 1)
    const { version, keys } = await this.#options.directory.changesSince(this.#version)
    // An answer that was overtaken says nothing new.
    if (turn < this.#heard) return
    this.#heard = turn
    if (version < this.#version) this.#forget()
    this.#version = version
    for (const stored of keys) {
      this.#byId.set(stored.id, stored)
      this.#byHash.set(stored.hash, { stored, caller: Object.freeze(this.#options.callerOf(stored)) })
    }
    if (this.#byId.size > 0) await this.#theSecret()
    this.#knownAt = since
  }

  /** The store was emptied. */
  #forget(): void {
    this.#byHash = new Map()
    this.#byId = new Map()
    this.#secret = undefined
  }

  async #theSecret(): Promise<string> {
    this.#secret ??= await this.#options.directory.secret(randomBytes(32).toString('base64'))
    return this.#secret
  }
}

function hashOf(key: string, secret: string): string {
  return createHmac('sha256', secret).update(key).digest('hex')
}
