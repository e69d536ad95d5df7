import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../clock.ts'
import type { AdminStore, AdminChanges, StoredEntry } from './admin-store.ts'

/** Age at which the cache is refreshed from the store. */
const FRESH_MS = 500
const ASKING_DEADLINE_MS = 50
/**
 * How long the first answer of the store is waited for: a connection that is not made yet is no
 * reason to refuse a key.
 */
const OPENING_DEADLINE_MS = 2_000
/**
 * How long a admin store with lost parts is left to instances that know more of it, before it is
 * taken as it is.
 */
const RESTORE_GRACE_MS = 10_000

export interface AdminCacheOptions {
  readonly adminStore: AdminStore
  readonly clock: Clock
  /**
   * Told what is new, or has changed; with everything there is, after what was known had to be
   * forgotten.
   */
  readonly onChange: (changed: readonly StoredEntry[], isAnew: boolean) => void
  /**
   * Told when the store has lost a part of the directory: whether this instance has written it
   * back.
   */
  readonly onDamage?: ((isRestored: boolean) => void) | undefined
}

/**
 * This instance's copy of the admin store. A write is known everywhere within half a second,
 * because no request is decided by an older copy without reading the store.
 */
export class AdminCache {
  readonly #options: AdminCacheOptions
  #entries = new Map<string, StoredEntry>()
  #version = 0
  #secret: string | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #knownAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #timer: Timer | undefined
  #isClosed = false
  readonly #madeAt: number
  #damagedSince: number | undefined

  constructor(options: AdminCacheOptions) {
    this.#options = options
    this.#madeAt = options.clock.monotonic()
  }

  /** Milliseconds since the store last answered; infinite for never. */
  get ageMs(): number {
    return this.#options.clock.monotonic() - this.#knownAt
  }

  /** The secret of the admin store; `undefined` before it has been read for the first time. */
  get secret(): string | undefined {
    return this.#secret
  }

  /** Cached entries, without reading the store. */
  known<Kind extends StoredEntry['kind']>(kind: Kind): Extract<StoredEntry, { kind: Kind }>[] {
    return [...this.#entries.values()].filter(
      (entry): entry is Extract<StoredEntry, { kind: Kind }> => entry.kind === kind,
    )
  }

  /** All current entries. Rejects when the store does not answer. */
  async list<Kind extends StoredEntry['kind']>(
    kind: Kind,
  ): Promise<Extract<StoredEntry, { kind: Kind }>[]> {
    await this.#ask()
    return this.known(kind)
  }

  /** Rejects when the store does not answer. */
  async put(entry: StoredEntry): Promise<void> {
    await this.#options.adminStore.put(entry)
    await this.#ask()
  }

  /**
   * Asks when what is known is too old, for 50 ms at most; `undefined` where there is nothing to
   * wait for. Never rejects: see `ageMs`.
   */
  refresh(): Promise<void> | undefined {
    const { clock } = this.#options
    const now = clock.monotonic()
    if (now - this.#knownAt < FRESH_MS) return undefined
    // A store that does not answer is not read by every request.
    if (now - this.#askedAt >= FRESH_MS) {
      this.#askedAt = now
      this.#asking = this.#ask()
    }
    const isOpening = this.#secret === undefined && now - this.#madeAt < OPENING_DEADLINE_MS
    const leftMs =
      (isOpening ? this.#madeAt + OPENING_DEADLINE_MS : this.#askedAt + ASKING_DEADLINE_MS) - now
    return this.#asking === undefined || leftMs <= 0
      ? undefined
      : this.#within(leftMs, this.#asking)
  }

  /** Refreshes without requests, for as long as it is needed. */
  watch(isNeeded: () => boolean): void {
    if (this.#isClosed) return
    this.#timer ??= this.#options.clock.setTimer(() => {
      this.#timer = undefined
      if (!isNeeded()) return
      void this.refresh()
      this.watch(isNeeded)
    }, FRESH_MS)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.clear()
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
    while (await this.#askForSome()) await nextTurn()
    this.#knownAt = Math.max(this.#knownAt, since)
  }

  /** @returns whether there is more */
  async #askForSome(): Promise<boolean> {
    const { adminStore, onChange } = this.#options
    const known = { version: this.#version, secret: this.#secret }
    const answer = await this.#whole(await adminStore.changesSince(known.version))
    // The store was emptied, and perhaps written to again: another secret is another admin store.
    const isAnew =
      answer.version < known.version ||
      (known.secret !== undefined && answer.secret !== known.secret)
    const {
      version,
      entries,
      secret,
      isMore = false,
    } = isAnew ? await adminStore.changesSince(0) : answer
    const present = secret ?? (await adminStore.secret(randomBytes(32).toString('base64')))
    // Another refresh has finished meanwhile.
    if (this.#secret !== known.secret || (!isAnew && version < this.#version)) return isMore
    if (isAnew) this.#entries = new Map()
    this.#secret = present
    this.#version = version
    for (const entry of entries) {
      if (entry.kind === 'removed') this.#entries.delete(entry.id)
      else this.#entries.set(entry.id, entry)
    }
    if (isAnew || entries.length > 0) onChange(entries, isAnew)
    return isMore
  }

  /**
   * The admin store without damage: written back from what this instance knows, or, where no
   * instance can, taken as it is. Rejects meanwhile.
   */
  async #whole(answer: AdminChanges): Promise<AdminChanges> {
    const { adminStore, clock, onDamage } = this.#options
    if (answer.isDamaged !== true) {
      this.#damagedSince = undefined
      return answer
    }
    this.#damagedSince ??= clock.monotonic()
    const isSame =
      this.#secret !== undefined && (answer.secret === undefined || answer.secret === this.#secret)
    const isGivenUp = clock.monotonic() - this.#damagedSince >= RESTORE_GRACE_MS
    const known =
      isSame && this.#secret !== undefined
        ? { version: this.#version, secret: this.#secret, entries: [...this.#entries.values()] }
        : undefined
    const isRestored = known !== undefined && (await adminStore.restore?.(known)) === true
    if (!isRestored && isGivenUp)
      await adminStore.restore?.({
        version: -1,
        secret: answer.secret ?? randomBytes(32).toString('base64'),
        entries: [],
      })
    else onDamage?.(isRestored)
    if (!isRestored && !isGivenUp)
      throw new Error(
        'The store has lost a part of what administrators wrote, and this instance cannot restore it.',
      )
    const whole = await adminStore.changesSince(this.#version)
    if (whole.isDamaged === true)
      throw new Error('The store goes on losing what administrators wrote.')
    return whole
  }
}

/**
 * Yields to other work: loading a hundred thousand keys must not delay a request.
 */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
