import type { Draw, Ledger, Reservation, ReservationRequest, ReserveAnswer, SettleAnswer } from '@postern/core'
import { Script, type Send } from './commands.ts'
import { READ, RESERVE, SETTLE } from './scripts.ts'

const SETTLED_MS = 600_000
const SLIDING_BUCKETS = 10

/**
 * The ledger on Redis: one call for each step, atomic on the server, by the server's clock. All its keys are in one slot of
 * a cluster, for a reservation draws from many of them at once.
 */
export class RedisLedger implements Ledger {
  readonly #send: Send
  readonly #prefix: string
  readonly #reserve = new Script(RESERVE)
  readonly #settle = new Script(SETTLE)
  readonly #read = new Script(READ)

  /** @param prefix of every key; what stands in its braces decides about the slot */
  constructor(send: Send, prefix: string) {
    this.#send = send
    this.#prefix = `{${prefix}}:`
  }

  async reserve({ id, draws, ttlMs }: ReservationRequest): Promise<ReserveAnswer> {
    const args = draws.flatMap((draw) => [kindOf(draw), String(draw.amount), String(draw.limit), ...boundsOf(draw)])
    const answer = (await ofCounter(this.#reserve.run(this.#send, this.#keysOf(id, draws), [id, String(Math.ceil(ttlMs)), ...args]))) as [string, ...(number | string)[]]
    const nowMs = Number(answer[1])
    if (String(answer[0]) === 'time') return { status: 'other-time', nowMs }
    if (String(answer[0]) === 'no') {
      const retryAtMs = Number(answer[4])
      return { status: 'refused', at: Number(answer[2]), used: Number(answer[3]), retryAtMs: retryAtMs < 0 ? Number.POSITIVE_INFINITY : retryAtMs, nowMs }
    }
    const numbers = answer.slice(2).map(Number)
    const buckets = draws.map((draw, index) => (draw.kind === 'sliding' ? numbers[index * 2 + 1] : undefined))
    return { status: 'reserved', reservation: { id, draws, buckets, ttlMs }, used: draws.map((_, index) => numbers[index * 2] ?? 0), nowMs }
  }

  async settle({ id, draws, buckets }: Reservation, actuals: readonly number[]): Promise<SettleAnswer> {
    const args = draws.flatMap((draw, index) => [kindOf(draw), String(actuals[index] ?? draw.amount), String(draw.amount), ...boundsOf(draw), String(buckets[index] ?? 0)])
    return String(await ofCounter(this.#settle.run(this.#send, this.#keysOf(id, draws), [id, String(SETTLED_MS), ...args]))) as SettleAnswer
  }

  async read(draws: readonly Draw[]): Promise<readonly number[]> {
    if (draws.length === 0) return []
    const args = draws.flatMap((draw) => [kindOf(draw), boundsOf(draw)[0] ?? '0'])
    const answer = await ofCounter(this.#read.run(this.#send, draws.map((draw) => this.#keyOf(draw)), args))
    return (answer as (number | string)[]).map(Number)
  }

  async reset(draws: readonly Draw[]): Promise<void> {
    const keys = draws.map((draw) => this.#keyOf(draw))
    if (keys[0] !== undefined) await this.#send(keys[0], 'DEL', ...keys)
  }

  #keysOf(id: string, draws: readonly Draw[]): string[] {
    return [`${this.#prefix}r:${id}`, ...draws.map((draw) => this.#keyOf(draw))]
  }

  /** Each kind by itself: a limit that becomes another kind must not find the numbers of the old one. */
  #keyOf(draw: Draw): string {
    return draw.kind === 'period' ? `${this.#prefix}p:${draw.key}:${draw.startsAt}` : `${this.#prefix}${kindOf(draw)}:${draw.key}`
  }
}

/** What a server says that is well, of one key that holds something else. */
const OF_COUNTER = /WRONGTYPE|not an integer|not a valid float|out of range/

/** Marks a failure of one counter: it says nothing about the store, and must not keep the callers of other counters out. */
async function ofCounter(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && OF_COUNTER.test(error.message)) Object.assign(error, { isOfCounter: true })
    throw error
  }
}

function kindOf({ kind }: Draw): 'p' | 's' | 'c' {
  return kind === 'period' ? 'p' : kind === 'sliding' ? 's' : 'c'
}

function boundsOf(draw: Draw): [string, string] {
  if (draw.kind === 'period') return [String(draw.startsAt), Number.isFinite(draw.endsAt) ? String(draw.endsAt) : '-1']
  return [String(draw.kind === 'sliding' ? Math.ceil(draw.windowMs / SLIDING_BUCKETS) : Math.ceil(draw.leaseMs)), '0']
}
