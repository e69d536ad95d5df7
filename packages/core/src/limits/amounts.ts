import type { Unit } from './limit.ts'

/** What a request may take, or has taken, in each unit. Integers. */
export interface Amounts {
  readonly inputTokens: number
  readonly outputTokens: number
  /** `undefined` where the price is not known. */
  readonly nanoDollars: number | undefined
  /** How many answers share the output. @default 1 */
  readonly choices?: number | undefined
  /** The part of `nanoDollars` that is paid without any output. @default 0 */
  nanoDollarsOfInput?(): number | undefined
}

/** Units in which a request takes what it is estimated to; of others it takes one. */
export const estimatedUnits: ReadonlySet<Unit> = new Set(['input-tokens', 'output-tokens', 'tokens', 'usd'])

/** What is taken of a limit in this unit. Never more than a counter can hold. */
export function amountOf(unit: Unit, { inputTokens, outputTokens, nanoDollars }: Amounts): number {
  if (unit === 'input-tokens') return bounded(inputTokens)
  if (unit === 'output-tokens') return bounded(outputTokens)
  if (unit === 'tokens') return bounded(inputTokens + outputTokens)
  return unit === 'usd' ? bounded(nanoDollars ?? 0) : 1
}

function bounded(amount: number): number {
  return Math.min(amount, Number.MAX_SAFE_INTEGER)
}
