import type { Limit } from '../limits/index.ts'
import type { StoredEntry } from '../storage/index.ts'

/** The limits that were made, and the targets that were switched off, while the gateway runs. */
export class LiveRules {
  readonly #limitOf: (written: Readonly<Record<string, unknown>>, place: string) => Limit
  readonly #onUnreadable: (id: string, cause: unknown) => void
  readonly #made = new Map<string, Limit>()
  readonly #off = new Set<string>()
  #limits: readonly Limit[] = Object.freeze([])

  /**
   * @param limitOf reads a limit, which was checked when it was made
   * @param onUnreadable notified of a limit that this version cannot read: a newer version made it,
   *   and it is not enforced here
   */
  constructor(
    limitOf: (written: Readonly<Record<string, unknown>>, place: string) => Limit,
    onUnreadable: (id: string, cause: unknown) => void,
  ) {
    this.#limitOf = limitOf
    this.#onUnreadable = onUnreadable
  }

  /** The same array until one of them changes. */
  get limits(): readonly Limit[] {
    return this.#limits
  }

  isDisabled({ provider, model }: { readonly provider: string; readonly model: string }): boolean {
    return (
      this.#off.size > 0 &&
      (this.#off.has(`${provider}/*`) || this.#off.has(`${provider}/${model}`))
    )
  }

  /** Takes over what the register has learned. */
  learn(changed: readonly StoredEntry[], isAnew: boolean): void {
    if (isAnew) {
      this.#made.clear()
      this.#off.clear()
    }
    for (const entry of changed) {
      if (entry.kind === 'limit') this.#learnLimit(entry)
      else if (entry.kind === 'switch' && entry.isOff) this.#off.add(entry.target)
      else if (entry.kind === 'switch') this.#off.delete(entry.target)
    }
    this.#limits = Object.freeze([...this.#made.values()])
  }

  #learnLimit({ id, written, removedAt }: Extract<StoredEntry, { kind: 'limit' }>): void {
    this.#made.delete(id)
    if (removedAt !== undefined) return
    try {
      this.#made.set(id, this.#limitOf(written, id))
    } catch (cause) {
      this.#onUnreadable(id, cause)
    }
  }
}
