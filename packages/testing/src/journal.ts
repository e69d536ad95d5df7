import type { IncomingHttpHeaders } from 'node:http'

/** One request as a fake provider saw it. */
export interface JournalEntry {
  /** Position in the journal, from 0. */
  readonly index: number
  readonly method: string
  /** Path without the query. */
  readonly path: string
  /** Query with its `?`, or `''`. */
  readonly search: string
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders
  /** The body as sent. */
  readonly bodyText: string
  /** The parsed body; `undefined` when it is no JSON object. */
  readonly body: unknown
  /** When the request was complete, in milliseconds of the provider's clock. */
  readonly at: number
  /** HTTP status sent, `undefined` before the headers were. */
  readonly status: number | undefined
  /**
   * Why the request was refused by the provider's own rules, in its own words; `undefined` when a
   * script answered.
   */
  readonly refusal: string | undefined
  /** When the exchange ended, however it ended; `undefined` while it runs. */
  readonly closedAtMs: number | undefined
  /**
   * Whether the client left before the provider was done; `false` while the exchange runs, and when
   * the provider ended it.
   */
  readonly aborted: boolean
  /** Resolves when the exchange has ended: whole, cut by the script, or left by the client. */
  readonly closed: Promise<Closing>
}

/** How an exchange ended. */
export interface Closing {
  /** In milliseconds of the provider's clock. */
  readonly atMs: number
  /** The client left before the provider was done. */
  readonly aborted: boolean
}

/** Facts of a request that the journal keeps. */
export type RequestFacts = Pick<
  JournalEntry,
  'method' | 'path' | 'search' | 'headers' | 'bodyText' | 'body' | 'at'
>

/** The entry as the server writes it; readers see it as a `JournalEntry`. */
export class JournalRecord implements JournalEntry {
  readonly index: number
  readonly method: string
  readonly path: string
  readonly search: string
  readonly headers: IncomingHttpHeaders
  readonly bodyText: string
  readonly body: unknown
  readonly at: number
  status: number | undefined
  refusal: string | undefined
  closedAtMs: number | undefined
  aborted = false
  readonly closed: Promise<Closing>
  readonly #settle: (closing: Closing) => void

  constructor(index: number, facts: RequestFacts) {
    this.index = index
    this.method = facts.method
    this.path = facts.path
    this.search = facts.search
    this.headers = facts.headers
    this.bodyText = facts.bodyText
    this.body = facts.body
    this.at = facts.at
    const { promise, resolve } = Promise.withResolvers<Closing>()
    this.closed = promise
    this.#settle = resolve
  }

  close(closing: Closing): void {
    if (this.closedAtMs !== undefined) return
    this.closedAtMs = closing.atMs
    this.aborted = closing.aborted
    this.#settle(closing)
  }
}

interface Waiter {
  readonly index: number
  readonly resolve: (entry: JournalEntry) => void
  readonly reject: (error: Error) => void
}

/** The requests a fake provider has seen, in the order in which they were complete. */
export class Journal implements Iterable<JournalEntry> {
  #entries: JournalRecord[] = []
  #waiters: Waiter[] = []
  #isOver = false

  /** How many requests were seen. */
  get length(): number {
    return this.#entries.length
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries
  }

  [Symbol.iterator](): Iterator<JournalEntry> {
    return this.#entries[Symbol.iterator]()
  }

  /**
   * The request at `index` (negative counts from the end). Throws `RangeError` when there is none.
   */
  at(index: number): JournalEntry {
    const entry = this.#entries.at(index)
    if (entry === undefined)
      throw new RangeError(`The journal has ${this.#entries.length} requests, none at ${index}.`)
    return entry
  }

  /** The latest request. Throws `RangeError` when none was seen. */
  last(): JournalEntry {
    return this.at(-1)
  }

  /**
   * Waits until the request at `index` has arrived. Rejects when the provider is closed first.
   * @default the first
   */
  waitForRequest(index = 0): Promise<JournalEntry> {
    const entry = this.#entries[index]
    if (entry !== undefined) return Promise.resolve(entry)
    if (this.#isOver) return Promise.reject(overError(index))
    return new Promise((resolve, reject) => this.#waiters.push({ index, resolve, reject }))
  }

  /**
   * Waits until the exchange at `index` has arrived and ended, and gives its entry. @default the
   * first
   */
  async waitForClose(index = 0): Promise<JournalEntry> {
    const entry = await this.waitForRequest(index)
    await entry.closed
    return entry
  }

  /** Forgets every request seen; the next one is at 0. */
  clear(): void {
    this.#entries = []
  }

  /** @internal */
  add(facts: RequestFacts): JournalRecord {
    const entry = new JournalRecord(this.#entries.length, facts)
    this.#entries.push(entry)
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.index !== entry.index) return true
      waiter.resolve(entry)
      return false
    })
    return entry
  }

  /** @internal No request will come any more: waiting callers are rejected. */
  finish(): void {
    this.#isOver = true
    for (const waiter of this.#waiters.splice(0)) waiter.reject(overError(waiter.index))
  }
}

function overError(index: number): Error {
  return new Error(`The provider was closed before it saw request ${index}.`)
}
