import crypto from 'node:crypto'
import { attributes } from '../identity/index.ts'
import type { CalendarWindow } from './period.ts'

/**
 * The attributes that a limit counts by. Callers without an attribute share one counter.
 */
export const scopes = ['key', ...attributes, 'route', 'model', 'provider', 'session'] as const
export type Scope = (typeof scopes)[number]

export const units = [
  'requests',
  'input-tokens',
  'output-tokens',
  'tokens',
  'usd',
  'concurrency',
] as const
export type Unit = (typeof units)[number]

/** A limit on how often, or how much, something may be used in a scope. */
export interface Limit {
  /** Where it is configured, for messages to the operator. */
  readonly place: string
  /** Each combination of these has a counter of its own; without any, there is one for all. */
  readonly scope: readonly Scope[]
  /** Only for requests whose scope has one of these values. */
  readonly only: ReadonlyMap<Scope, ReadonlySet<string>>
  readonly unit: Unit
  /** Of `concurrency`, there is none. */
  readonly window: CalendarWindow | { readonly slidingMs: number } | undefined
  /** IANA name. */
  readonly timeZone: string
  /** In the unit; nano-dollars for `usd`. */
  readonly amount: number
  /** Usage shares that send an alert, in ascending order. */
  readonly alertAt: readonly number[]
  /** Soft ones let everybody in, and say that they were exceeded. */
  readonly isSoft: boolean
  /**
   * One that a provider sets us: counted apart from what callers may use of the provider. @default
   * false
   */
  readonly isProviders?: boolean
}

/** Attributes of a request that limits count by. */
export type Subject = Readonly<Partial<Record<Scope, string | undefined>>>

export const NANO_PER_DOLLAR = 1_000_000_000

/** Whether it counts calls of targets: which provider answers is not known before. */
export function isOfTarget({ scope, only }: Pick<Limit, 'scope' | 'only'>): boolean {
  return scope.includes('provider') || only.has('provider')
}

/** Attributes of a request that are known only once its body is read. */
const OF_BODY: readonly Scope[] = ['route', 'model', 'provider', 'session']

/** Whether its counter depends on more than the caller. */
export function needsBody({ scope, only }: Pick<Limit, 'scope' | 'only'>): boolean {
  return OF_BODY.some((name) => scope.includes(name) || only.has(name))
}

/** Whether the limit is one for such a request. */
export function appliesTo({ only }: Limit, subject: Subject): boolean {
  for (const [scope, values] of only) if (!values.has(subject[scope] ?? '')) return false
  return true
}

/**
 * Whether the limit is a budget: its window is a day or more. Overuse of a shorter window is made
 * up by the next ones.
 */
const LONG: ReadonlySet<unknown> = new Set(['day', 'week', 'month', 'total'])
const DAY_MS = 86_400_000

/**
 * Whether no request may take more than is left of it: a hard limit of money, or of tokens for a
 * day or longer. One that takes more than the whole of a shorter limit takes all of it, and the
 * next windows make up for the rest.
 */
export function isBudget({ unit, window, isSoft }: Limit): boolean {
  if (isSoft || unit === 'requests' || unit === 'concurrency') return false
  return (
    unit === 'usd' || LONG.has(window) || (typeof window === 'object' && window.slidingMs >= DAY_MS)
  )
}

/** Whether an answer ends where nothing is left of the limit. */
export function endsAnswers(limit: Limit): boolean {
  return limit.unit !== 'input-tokens' && isBudget(limit)
}

/**
 * Longest part of a counter's name that is readable; a longer one is a digest of it, so that no
 * caller makes long keys in the store.
 */
const LONGEST_READABLE = 64

/**
 * Names the counter of a request: the same on every instance, whatever the order of the
 * configuration. At most 128 characters.
 */
export function counterName(limit: Limit, subject: Subject): string {
  const who =
    limit.scope.map((scope) => `${scope}=${encoded(subject[scope] ?? '')}`).join(';') +
    onlyName(limit)
  return `${limit.isProviders === true ? 'provider/' : ''}${limit.unit}/${windowName(limit)}/${who.length <= LONGEST_READABLE ? who : `#${crypto.hash('sha256', who, 'base64url')}`}`
}

/** `minute`, `60000ms`, `at once`. */
export function windowName({ window, timeZone }: Limit): string {
  if (window === undefined) return 'now'
  if (typeof window === 'object') return `${window.slidingMs}ms`
  return timeZone === 'UTC' ? window : `${window}@${timeZone}`
}

/**
 * Two limits of the same scope for different ones of it count apart: one may count what the other
 * does not.
 */
function onlyName({ scope, only }: Limit): string {
  const others = [...only].filter(([name]) => !scope.includes(name))
  return others.map(([name, values]) => `;${name}~${[...values].map(encoded).join('|')}`).join('')
}

/** JSON can hold half of a surrogate pair, which no encoding has. */
function encoded(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}

/** The limit in words, for the caller that reached it. */
export function describe(limit: Limit): string {
  const whose =
    limit.scope.length === 0 ? 'of this gateway' : `of this ${limit.scope.join(' and ')}`
  if (limit.unit === 'concurrency') return `${limit.amount} requests at once ${whose}`
  const amount =
    limit.unit === 'usd'
      ? `$${limit.amount / NANO_PER_DOLLAR}`
      : `${limit.amount} ${limit.unit.replace('-', ' ')}`
  const window =
    typeof limit.window === 'object' ? `${limit.window.slidingMs / 1_000} s` : limit.window
  return `${amount} ${window === 'total' ? 'in all' : `per ${window}`} ${whose}`
}
