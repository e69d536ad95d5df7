import type { Clock } from '../clock.ts'

/** A token as it was issued. */
export interface IssuedToken {
  readonly value: string
  /** From the moment it was requested. */
  readonly lifetimeMs: number
}

/** A token is replaced this long before it ends, or at half of a shorter life. */
const EARLY_MS = 5 * 60_000
/** A token this near to its end may be past it when the request arrives. */
const MARGIN_MS = 30_000
/** How long a token that is still good is used before another attempt to replace it. */
const POSTPONED_MS = 10_000

interface Held {
  readonly value: string
  readonly refreshAt: number
  readonly expiresAt: number
}

/**
 * Holds one token and replaces it before it ends. However many ask, one request for a new one is
 * under way; while the old one is valid no request waits for it, and its failure harms none.
 */
export class TokenCache {
  readonly #issue: () => Promise<IssuedToken>
  readonly #clock: Clock
  #held: Held | undefined
  #pending: Promise<string> | undefined
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(issue: () => Promise<IssuedToken>, clock: Clock) {
    this.#issue = issue
    this.#clock = clock
  }

  /** Rejects as `issue` does when there is no good token and no new one is to be had. */
  get(): Promise<string> {
    // The wall clock, which goes on while a machine sleeps.
    const now = this.#clock.now()
    const held = this.#held
    if (held === undefined || now >= held.expiresAt) return this.#refresh()
    if (now >= held.refreshAt && now >= this.#notBefore)
      this.#refresh().catch(() => this.#postpone())
    return Promise.resolve(held.value)
  }

  #refresh(): Promise<string> {
    this.#pending ??= this.#replace().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #replace(): Promise<string> {
    const asked = this.#clock.now()
    const { value, lifetimeMs } = await this.#issue()
    this.#held = {
      value,
      refreshAt: asked + lifetimeMs - Math.min(EARLY_MS, lifetimeMs / 2),
      expiresAt: asked + lifetimeMs - Math.min(MARGIN_MS, lifetimeMs / 4),
    }
    return value
  }

  #postpone(): void {
    this.#notBefore = this.#clock.now() + POSTPONED_MS
  }
}
