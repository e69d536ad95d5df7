/** Shorter values are words that texts contain anyway. */
const SHORTEST_SECRET = 6
/** Credentials that replaced one another; an answer may still speak of the one its request was made with. */
const RECENT_SECRETS = 32

const REMOVED = '[removed]'

/**
 * The credentials a provider has held, kept to take them out of texts. Neither printing nor serialising it shows one.
 *
 * @example
 * const secrets = new Secrets(['Bearer sk-123456'])
 * secrets.redact('a bad sk-123456') // 'a bad [removed]'
 */
export class Secrets {
  readonly #fixed: readonly string[]
  #recent: readonly string[] = []

  /** @param fixed values that never change: header values (with or without `Bearer`), keys, passwords */
  constructor(fixed: Iterable<string> = []) {
    this.#fixed = longestFirst(formsOf(fixed))
  }

  /** Adds credentials that live for a while: tokens, keys of a session. The oldest are forgotten in time. */
  remember(values: Iterable<string>): void {
    const unknown = formsOf(values).filter((value) => !this.#fixed.includes(value) && !this.#recent.includes(value))
    if (unknown.length > 0) this.#recent = [...this.#recent, ...unknown].slice(-RECENT_SECRETS)
  }

  /** The text with every one of them replaced. */
  redact(text: string): string {
    const known = this.#recent.length === 0 ? this.#fixed : longestFirst([...this.#fixed, ...this.#recent])
    return known.reduce((rest, secret) => rest.replaceAll(secret, REMOVED), text)
  }
}

/** A secret as it is, and as it stands in an address. */
function formsOf(values: Iterable<string>): string[] {
  const bare = [...values].map((value) => value.replace(/^(Bearer|Basic) /, '')).filter((value) => value.length >= SHORTEST_SECRET)
  return [...new Set(bare.flatMap((value) => [value, encodeURIComponent(value.toWellFormed())]))]
}

/** One secret may be part of another, of which nothing must be left. */
function longestFirst(secrets: readonly string[]): readonly string[] {
  return secrets.toSorted((a, b) => b.length - a.length)
}
