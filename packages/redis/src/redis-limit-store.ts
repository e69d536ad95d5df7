import type {
  Charge,
  InstanceLease,
  LimitStore,
  Reservation,
  ReservationRequest,
  ReserveAnswer,
  SettleAnswer,
} from '@postern/core'
import { Script, type Send } from './commands.ts'
import { ENDED, HELD, READ, RENEW, RESERVE, SETTLE } from './scripts.ts'

const SETTLED_MS = 600_000
const SLIDING_BUCKETS = 10
const MOST_GIVEN_BACK = 100
const MOST_COUNTED = Number.MAX_SAFE_INTEGER
const LONGEST_MS = 34_560_000_000
/** The last millisecond a date may have. */
const LAST_MS = 8_640_000_000_000_000

/** Arguments of a script for one charge. */
interface Written {
  readonly key: string
  /** `kind amount floor a b bucket`. */
  readonly fields: readonly [
    kind: string,
    amount: string,
    floor: string,
    a: string,
    b: string,
    bucket: string,
  ]
}

/**
 * The limit store on Redis: one call for each step, atomic on the server, by the server's clock.
 * All its keys are in one slot of a cluster, for a reservation draws from many of them at once.
 */
export class RedisLimitStore implements LimitStore {
  readonly #send: Send
  readonly #prefix: string
  readonly #reserve = new Script(RESERVE)
  readonly #settle = new Script(SETTLE)
  readonly #read = new Script(READ)
  readonly #renew = new Script(RENEW)
  readonly #ended = new Script(ENDED)
  readonly #held = new Script(HELD)

  /** @param prefix of every key; what stands in its braces decides about the slot */
  constructor(send: Send, prefix: string) {
    this.#send = send
    this.#prefix = `{${prefix}}:`
  }

  async reserve({ id, charges, ttlMs, lease }: ReservationRequest): Promise<ReserveAnswer> {
    const args = charges.flatMap((charge) => [
      kindOf(charge),
      amountOf(charge),
      String(counted(charge.limit, 0)),
      floorOf(charge),
      ...boundsOf(charge),
    ])
    const keys = [
      ...this.#keysOf(id, lease?.instance),
      ...charges.map((charge) => this.#keyOf(charge)),
    ]
    const answer = (await ofCounter(
      this.#reserve.run(this.#send, keys, [
        id,
        durationOf(ttlMs),
        lease?.instance ?? '',
        durationOf(lease?.leaseMs ?? 0),
        ...args,
      ]),
    )) as [string, ...(number | string)[]]
    const nowMs = Number(answer[1])
    if (String(answer[0]) === 'time') return { status: 'other-time', nowMs }
    const hasEnded = Number(answer[2]) > 0
    if (String(answer[0]) === 'no') {
      const retryAtMs = Number(answer[5])
      return {
        status: 'refused',
        at: Number(answer[3]),
        used: Number(answer[4]),
        retryAtMs: retryAtMs < 0 ? Number.POSITIVE_INFINITY : retryAtMs,
        nowMs,
        hasEnded,
      }
    }
    const numbers = answer.slice(4).map(Number)
    const buckets = charges.map((charge, index) =>
      charge.kind === 'sliding' ? numbers[index * 2 + 1] : undefined,
    )
    return {
      status: 'reserved',
      reservation: { id, charges, buckets, ttlMs, ...(lease && { lease }) },
      used: charges.map((_, index) => numbers[index * 2] ?? 0),
      nowMs,
      hasEnded,
      instances: Number(answer[3]),
    }
  }

  async settle(
    { id, charges, buckets, lease }: Reservation,
    actuals: readonly number[],
  ): Promise<SettleAnswer> {
    const written = charges.map((charge, index): Written => ({
      key: this.#keyOf(charge),
      fields: [
        kindOf(charge),
        amountOf(charge),
        floorOf(charge),
        ...boundsOf(charge),
        String(buckets[index] ?? ''),
      ],
    }))
    return this.#settleAs('settle', {
      id,
      written,
      instance: lease?.instance,
      actuals: charges.map((charge, index) =>
        String(counted(actuals[index], Number(amountOf(charge)))),
      ),
    })
  }

  async read(charges: readonly Charge[]): Promise<readonly number[]> {
    if (charges.length === 0) return []
    const args = charges.flatMap((charge) => [kindOf(charge), boundsOf(charge)[0] ?? '0'])
    const answer = await ofCounter(
      this.#read.run(
        this.#send,
        charges.map((charge) => this.#keyOf(charge)),
        args,
      ),
    )
    return (answer as (number | string)[]).map(Number)
  }

  async reset(charges: readonly Charge[]): Promise<void> {
    const keys = charges.map((charge) => this.#keyOf(charge))
    if (keys[0] !== undefined) await this.#send(keys[0], 'DEL', ...keys)
  }

  async renew({ instance, leaseMs }: InstanceLease): Promise<boolean> {
    return (
      Number(
        await this.#renew.run(this.#send, this.#keysOf('', instance), [
          instance,
          durationOf(leaseMs),
        ]),
      ) > 0
    )
  }

  async giveBack(): Promise<number> {
    for (;;) {
      const [instance] = (
        (await this.#ended.run(this.#send, this.#keysOf('', undefined), [])) as string[]
      ).map(String)
      if (instance === undefined) return 0
      const found = (
        (await this.#held.run(this.#send, this.#keysOf('', instance), [
          instance,
          String(MOST_GIVEN_BACK),
        ])) as string[]
      ).map(String)
      const reservations = found.flatMap((id, at) =>
        at % 2 === 0 ? [{ id, written: readHeld(found[at + 1] ?? '') }] : [],
      )
      await Promise.all(
        reservations.map(({ id, written }) =>
          this.#settleAs('give-back', { id, written, instance, actuals: written.map(() => '0') }),
        ),
      )
      if (reservations.length > 0) return reservations.length
    }
  }

  async #settleAs(
    how: 'settle' | 'give-back',
    {
      id,
      written,
      instance,
      actuals,
    }: {
      readonly id: string
      readonly written: readonly Written[]
      readonly instance: string | undefined
      readonly actuals: readonly string[]
    },
  ): Promise<SettleAnswer> {
    const args = written.flatMap(({ fields: [kind, ...rest] }, index) => [
      kind,
      actuals[index] ?? '0',
      ...rest,
    ])
    const keys = [...this.#keysOf(id, instance), ...written.map(({ key }) => key)]
    return String(
      await ofCounter(
        this.#settle.run(this.#send, keys, [id, String(SETTLED_MS), instance ?? '', how, ...args]),
      ),
    ) as SettleAnswer
  }

  /** The reservation, the leases of instances, and what this one holds. */
  #keysOf(id: string, instance: string | undefined): string[] {
    return [
      `${this.#prefix}r:${id}`,
      `${this.#prefix}instances`,
      `${this.#prefix}held:${instance ?? ''}`,
    ]
  }

  /**
   * Each kind by itself: a limit that becomes another kind must not find the numbers of the old
   * one.
   */
  #keyOf(charge: Charge): string {
    return charge.kind === 'period'
      ? `${this.#prefix}p:${charge.key}:${charge.startsAt}`
      : `${this.#prefix}${kindOf(charge)}:${charge.key}`
  }
}

/** Error of a healthy server for a key of another type. */
const OF_COUNTER = /WRONGTYPE|not an integer|not a valid float|out of range/

/**
 * Marks a failure of one counter: it says nothing about the store, and must not keep the callers of
 * other counters out.
 */
async function ofCounter(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && OF_COUNTER.test(error.message))
      Object.assign(error, { isOfCounter: true })
    throw error
  }
}

function kindOf({ kind }: Charge): 'p' | 's' | 'c' {
  return kind === 'period' ? 'p' : kind === 'sliding' ? 's' : 'c'
}

/** Of what is no number, all there may be. */
function amountOf({ amount }: Charge): string {
  return String(counted(amount, MOST_COUNTED))
}

function floorOf(charge: Charge): string {
  return String(Math.min(counted(charge.floor, 0), counted(charge.amount, MOST_COUNTED)))
}

function boundsOf(charge: Charge): [string, string] {
  if (charge.kind === 'period')
    return [String(charge.startsAt), charge.endsAt <= LAST_MS ? String(charge.endsAt) : '-1']
  return [
    charge.kind === 'sliding'
      ? String(Math.ceil(Number(durationOf(charge.windowMs)) / SLIDING_BUCKETS))
      : durationOf(charge.leaseMs),
    '0',
  ]
}

/** Whatever it is, as a whole number a counter can hold. */
function counted(value: unknown, otherwise: number): number {
  return typeof value === 'number' && !Number.isNaN(value)
    ? Math.min(Math.max(Math.ceil(value), 0), MOST_COUNTED)
    : otherwise
}

/** Milliseconds that Redis can take. */
function durationOf(ms: number): string {
  return String(Number.isNaN(ms) ? 1 : Math.min(Math.max(Math.ceil(ms), 1), LONGEST_MS))
}

/** As RESERVE has written it: a line for each draw. */
function readHeld(text: string): Written[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [key = '', kind = '', amount = '', floor = '', a = '', b = '', bucket = ''] =
        line.split(' ')
      return { key, fields: [kind, amount, floor, a, b, bucket] }
    })
}
