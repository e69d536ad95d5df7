import { countable } from '../storage/index.ts'
import type { Unit } from './limit.ts'

/** Amounts of a request in each unit, estimated or used. Integers. */
export interface Amounts {
  readonly inputTokens: number
  readonly outputTokens: number
  /** `undefined` where the price is not known. */
  readonly nanoDollars: number | undefined
  /**
   * Where the price is not known: of which target, and whether it is a model that charges by the
   * token, so that a price can be set.
   */
  readonly unpriced?: { readonly target: string; readonly isByToken: boolean }
  /** How many answers share the output. @default 1 */
  readonly choices?: number | undefined
  /** The part of `nanoDollars` that is paid without any output. @default 0 */
  nanoDollarsOfInput?(): number | undefined
}

/** Units in which a request takes what it is estimated to; of others it takes one. */
export const estimatedUnits: ReadonlySet<Unit> = new Set([
  'input-tokens',
  'output-tokens',
  'tokens',
  'usd',
])

/**
 * The amount in this unit, bounded to a counter's range: numbers in answers and reports come from
 * outside.
 */
export function pickAmount(
  unit: Unit,
  { inputTokens, outputTokens, nanoDollars }: Amounts,
): number {
  if (unit === 'input-tokens') return countable(inputTokens)
  if (unit === 'output-tokens') return countable(outputTokens)
  if (unit === 'tokens') return countable(countable(inputTokens) + countable(outputTokens))
  return unit === 'usd' ? countable(nanoDollars) : 1
}

/** A token of output costs several of input, with most models. */
const INPUT_FOR_OUTPUT = 4

/**
 * Least usage of a request once it has been sent: its input, and the input's part of its cost. That
 * part is estimated: to ask for the price of the input alone would cost as much as the rest of the
 * admission.
 */
export function leastUsed({ inputTokens, outputTokens, nanoDollars = 0 }: Amounts): Amounts {
  const share = inputTokens / Math.max(1, inputTokens + INPUT_FOR_OUTPUT * outputTokens)
  return { inputTokens, outputTokens: 0, nanoDollars: nanoDollars * share }
}
