import { spellingsOf } from '../identity/index.ts'
import type { Limit, Scope } from '../limits/index.ts'
import { toNano } from './schema/limit-schema.ts'
import type { Merged } from './sources/merge.ts'
import type { ParsedKey, ParsedLimit } from './schema/schema.ts'

/** Every limit there is: those of the gateway, and those of single keys. */
export function resolveAdmission(merged: Merged): readonly Limit[] {
  const own = (merged.first('limits') ?? []).map((limit, at) =>
    limitOfGateway(limit, `limits[${at}]`),
  )
  const ofKeys = [...merged.entries('keys')].flatMap(([name, { value }]) =>
    limitsOfKey(name, value),
  )
  return Object.freeze([...own, ...ofKeys])
}

/** Limits that providers set for us, by provider name, counted for each of their keys. */
export function resolveProviderLimits(merged: Merged): ReadonlyMap<string, readonly Limit[]> {
  const entries = [...merged.providers()].flatMap(([name, { value }]) => {
    const limits = (value.limits ?? []).map((limit, at) =>
      limitOf(limit, {
        place: `providers.${name}.limits[${at}]`,
        scope: limit.perModel === true ? ['provider', 'model'] : ['provider'],
        only: new Map(),
        isProviders: true,
      }),
    )
    return limits.length === 0 ? [] : [[name, limits] as const]
  })
  return new Map(entries)
}

/** A limit that names its own scope. */
export function limitOfGateway(limit: ParsedLimit, place: string): Limit {
  return limitOf(limit, { place, scope: scopeOf(limit.scope), only: onlyOf(limit.only ?? {}) })
}

/** The limits of one caller. @param name as `callerKey` spells it */
export function limitsOfKey(name: string, { limits = [] }: Pick<ParsedKey, 'limits'>): Limit[] {
  return limits.map((limit, at) =>
    limitOf(limit, {
      place: `keys.${name}.limits[${at}]`,
      scope: ['key'],
      only: new Map([['key', new Set([name])]]),
    }),
  )
}

function limitOf(
  {
    unit,
    limit,
    window,
    sliding,
    timeZone = 'UTC',
    mode,
    alertAt = [],
  }: Omit<ParsedLimit, 'scope' | 'only'>,
  whose: Pick<Limit, 'place' | 'scope' | 'only' | 'isProviders'>,
): Limit {
  return Object.freeze({
    ...whose,
    unit,
    window: windowOf(window, sliding, whose.scope),
    timeZone,
    amount: unit === 'usd' ? toNano(limit) : limit,
    alertAt: alertAt.toSorted((one, other) => one - other),
    isSoft: mode === 'soft',
  })
}

/**
 * Sessions are many and they end: a counter that never resets would stay for each of them.
 */
const SESSION_MS = 86_400_000

function windowOf(
  window: ParsedLimit['window'],
  sliding: number | undefined,
  scope: readonly Scope[],
): Limit['window'] {
  if (sliding !== undefined) return { slidingMs: sliding }
  return window === 'total' && scope.includes('session') ? { slidingMs: SESSION_MS } : window
}

function scopeOf(scope: ParsedLimit['scope']): readonly Scope[] {
  if (scope === undefined) return ['key']
  if (scope === 'all') return []
  return typeof scope === 'string' ? [scope] : scope
}

function onlyOf(only: NonNullable<ParsedLimit['only']>): Limit['only'] {
  const entries = Object.entries(only) as [Scope, string | readonly string[] | undefined][]
  return new Map(
    entries.flatMap(([scope, values]) =>
      values === undefined
        ? []
        : [
            [
              scope,
              new Set(scope === 'key' ? asList(values).flatMap(spellingsOf) : asList(values)),
            ] as const,
          ],
    ),
  )
}

function asList(values: string | readonly string[]): readonly string[] {
  return typeof values === 'string' ? [values] : values
}
