import type { Operation } from '../dialects/index.ts'
import type { StreamBudget } from '../dispatch/index.ts'
import type { BilledRequest, BillingDeps } from './deps.ts'

/** Tokens of output that a stream without a bound reserves at a time. */
const MORE_OUTPUT_TOKENS = 1_024
/** More is reserved this many tokens before the budget ends, so that the stream need not wait. */
const RESERVE_AHEAD_TOKENS = 256

/** The output reserved for a stream, extended while the limits have room. */
export class ReservedStreamBudget implements StreamBudget {
  readonly inputTokens: number
  #tokens: number
  readonly #reserveMore: () => Promise<number>
  #reserving: Promise<void> | undefined
  #isSpent = false

  /** @param reserveMore returns the tokens reserved in addition, 0 when there are none; never rejects */
  constructor(options: {
    readonly tokens: number
    readonly inputTokens: number
    reserveMore(): Promise<number>
  }) {
    this.inputTokens = options.inputTokens
    this.#tokens = options.tokens
    this.#reserveMore = options.reserveMore
  }

  allows(outputTokens: number): boolean | Promise<void> {
    if (
      !this.#isSpent &&
      this.#reserving === undefined &&
      outputTokens + RESERVE_AHEAD_TOKENS >= this.#tokens
    )
      this.#reserving = this.#extend()
    if (outputTokens < this.#tokens) return true
    return this.#reserving ?? false
  }

  async #extend(): Promise<void> {
    const more = await this.#reserveMore()
    this.#reserving = undefined
    this.#tokens += more
    if (more === 0) this.#isSpent = true
  }
}

/**
 * How much of a streamed answer is paid for: what was reserved, and more as it goes on. `undefined`
 * where the provider ends it in time, because the request sets a bound that is reserved as a whole,
 * and where no limit ends answers.
 */
export function openStreamBudget(
  { priceOf }: BillingDeps,
  billed: BilledRequest,
  operation: Operation,
): StreamBudget | undefined {
  const { admitted } = billed
  const { requestedOutput } = operation
  if (!isCuttable(operation) || requestedOutput === undefined || admitted === undefined)
    return undefined
  const tokens = admitted.coveredOutput()
  const asked = tokens === undefined ? undefined : requestedOutput()
  if (
    tokens === undefined ||
    asked === undefined ||
    (asked.tokens !== undefined && asked.tokens * asked.choices <= tokens)
  )
    return undefined
  const more = { inputTokens: 0, outputTokens: MORE_OUTPUT_TOKENS }
  return new ReservedStreamBudget({
    tokens,
    inputTokens: admitted.estimate?.inputTokens ?? 0,
    async reserveMore() {
      const nanoDollars =
        admitted.estimate?.nanoDollars === undefined ? 0 : (priceOf(billed.target ?? '', more) ?? 0)
      return (await admitted.extend({ ...more, nanoDollars })) ? MORE_OUTPUT_TOKENS : 0
    },
  })
}

/** A stream that the gateway ends when no more can be reserved for it. */
export function isCuttable({ stream, isCuttable: hasEnd }: Operation): boolean {
  return stream && hasEnd === true
}
