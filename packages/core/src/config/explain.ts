import { systemClock } from '../clock.ts'
import { documentedFields } from './sources/env-fields.ts'
import type { Environment } from './sources/env.ts'
import type { FieldMeta } from './schema/field-meta.ts'
import type { GatewayOptions } from './options.ts'
import { readSources, resolveSettings } from './resolve.ts'

/** One option as it is in force. */
export interface ExplainedOption {
  /** `timeout`, `providers.openai.baseUrl`, `routes.support.targets` */
  readonly option: string
  /** Spelled as in a configuration file; `(set)` for secrets. */
  readonly value: string
  /**
   * Where it was said: `POSTERN_TIMEOUT`, `postern.yaml: timeout`, `option timeout`, or `default`.
   */
  readonly from: string
}

/**
 * Every option in force and where it comes from, in the order of the documentation. Throws
 * `ConfigurationError` as a gateway would. Secrets are not shown.
 *
 * @param environment that of a gateway: names and values of variables
 */
export function explainConfiguration(
  options: GatewayOptions<never>,
  environment: Environment,
): readonly ExplainedOption[] {
  const { store, isStoreImplied } = resolveSettings(options, environment, {
    clock: systemClock,
    fetchToken: () => Promise.reject(new Error('No provider is called.')),
  })
  const { merged, placeOf } = readSources(options, environment, [])
  const fields = documentedFields()
  const metaOf = (path: readonly string[]): FieldMeta | undefined =>
    fields.find((field) => field.path.join('.') === path.join('.'))?.meta
  const ownFields = (kind: string, value: object): [string, unknown][] =>
    Object.entries(value).filter(
      ([name, own]) => own !== undefined && metaOf([kind, '*', name]) !== undefined,
    )
  const explained: ExplainedOption[] = []
  for (const kind of ['providers', 'routes', 'keys'] as const) {
    const entries = kind === 'providers' ? merged.providers() : merged.entries(kind)
    for (const [name, placed] of entries) {
      for (const [field, value] of ownFields(kind, placed.value))
        explained.push({
          option: `${kind}.${name}.${field}`,
          value: shown(value, metaOf([kind, '*', field])),
          from: placed.placeOf([field]),
        })
    }
  }
  for (const { path, meta } of fields) {
    const [name = ''] = path
    if (path.length > 1 || name === 'providers' || name === 'routes' || name === 'keys') continue
    const option = name as Exclude<keyof GatewayOptions<never>, 'providers' | 'routes' | 'keys'>
    // Only an implied store is named by another program's variable.
    if (option === 'store' && isStoreImplied && store !== 'memory') {
      explained.push({ option, value: shown(store, meta), from: 'REDIS_URL' })
      continue
    }
    const value = merged.first(option)
    explained.push({
      option,
      value:
        value === undefined ? (meta.default ?? 'none').replaceAll('`', '') : shown(value, meta),
      from: value === undefined ? 'default' : placeOf(option),
    })
  }
  return explained
}

function shown(value: unknown, meta: FieldMeta | undefined): string {
  if (typeof value === 'function') return '(function)'
  if (meta?.isSecret === true) return '(set)'
  if (meta?.type.startsWith('duration') === true && typeof value === 'number')
    return duration(value)
  if (meta?.type === 'size' && typeof value === 'number') return size(value)
  if (typeof value === 'string') return withoutLogin(value)
  // A store or a logger that code has made: its contents are not shown.
  if (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((inner) => typeof inner === 'function')
  )
    return '(object)'
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' ? withoutLogin(inner) : inner,
  )
}

/** An address may hold a password. */
function withoutLogin(text: string): string {
  return text.replace(/^([a-z][\w+.-]*:\/\/)[^/@]*@/i, '$1...@')
}

const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

function duration(ms: number): string {
  if (!Number.isFinite(ms)) return 'off'
  const unit = UNITS.find(([, length]) => ms >= length && ms % length === 0)
  return unit === undefined ? `${ms}ms` : `${ms / unit[1]}${unit[0]}`
}

const MIB = 1_048_576

function size(bytes: number): string {
  return bytes >= MIB && bytes % MIB === 0 ? `${bytes / MIB}MiB` : String(bytes)
}
