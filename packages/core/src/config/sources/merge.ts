import type { ParsedOptions } from '../schema/schema.ts'
import type { Path, Source } from '../schema/validate.ts'

/** An entry of `providers`, `routes` or `keys` with the place it was written at. */
export interface Placed<T> {
  readonly value: T
  placeOf(path: Path): string
}

/** Options of all sources together. */
export interface Merged {
  /** The first source that says something wins. */
  first<Name extends keyof ParsedOptions>(name: Name): ParsedOptions[Name] | undefined
  /** Entries of a record by name; the first source that has one wins as a whole. */
  entries<Name extends 'routes' | 'keys'>(name: Name): Map<string, Placed<Entry<Name>>>
  /**
   * Providers by name; each field is the first source's that gives it, so that a key may come from
   * elsewhere than an address.
   */
  providers(): Map<string, Placed<Entry<'providers'>>>
  /** Whether an option or one of its entries was written, but could not be used. */
  isBroken(option: string, entry?: string): boolean
}

type Entry<Name extends 'routes' | 'keys' | 'providers'> = NonNullable<ParsedOptions[Name]>[string]

/** Merges sources, the strongest first. */
export function merge(sources: readonly Source[]): Merged {
  return {
    first: (name) => sources.find((source) => source.options[name] !== undefined)?.options[name],
    entries: (name) => entriesOf(sources, name),
    providers: () => providersOf(sources),
    isBroken: (option, entry) =>
      sources.some(({ broken }) => [...broken].some((path) => covers(path, option, entry))),
  }
}

/**
 * Whether what is broken at this path is the option, the entry asked about, or (when none is) any
 * entry of the option.
 */
function covers(path: string, option: string, entry: string | undefined): boolean {
  return (
    path === option ||
    (entry === undefined ? path.startsWith(`${option}.`) : path === `${option}.${entry}`)
  )
}

function entriesOf<Name extends 'routes' | 'keys'>(
  sources: readonly Source[],
  option: Name,
): Map<string, Placed<Entry<Name>>> {
  const entries = new Map<string, Placed<Entry<Name>>>()
  for (const { options, placeOf } of sources) {
    for (const [name, value] of Object.entries(options[option] ?? {})) {
      if (!entries.has(name))
        entries.set(name, {
          value: value as Entry<Name>,
          placeOf: (path) => placeOf([option, name, ...path]),
        })
    }
  }
  return entries
}

function providersOf(sources: readonly Source[]): Map<string, Placed<Entry<'providers'>>> {
  const names = new Set(sources.flatMap(({ options }) => Object.keys(options.providers ?? {})))
  return new Map(
    [...names].map((name) => {
      const parts = sources.flatMap(({ options, placeOf }) => {
        const fields = options.providers?.[name]
        if (fields === undefined) return []
        return [
          {
            fields: definedFields(fields),
            placeOf: (path: Path) => placeOf(['providers', name, ...path]),
          },
        ]
      })
      // few: one part for each source of the configuration
      const value: Entry<'providers'> = Object.assign(
        {},
        ...parts.map((part) => part.fields).reverse(),
      )
      const writer = (path: Path) =>
        parts.find(({ fields }) => path[0] !== undefined && Object.hasOwn(fields, path[0])) ??
        parts[0]
      return [
        name,
        { value, placeOf: (path: Path) => writer(path)?.placeOf(path) ?? `providers.${name}` },
      ]
    }),
  )
}

function definedFields<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<T>
}
