import type { CatalogueEntry } from './catalogue/entry.ts'

const PLACEHOLDER = /\{([A-Z][A-Z0-9_]*)\}/g

/**
 * A catalogue address with its placeholders filled, or the environment variables that are missing
 * for that.
 */
export type FilledAddress = { readonly baseUrl: string } | { readonly missing: readonly string[] }

/** Environment variables the address of this entry needs. */
export function placeholdersOf(entry: CatalogueEntry): readonly string[] {
  return [...entry.baseUrl.matchAll(PLACEHOLDER)].map((match) => match[1] as string)
}

/**
 * Fills the placeholders of an entry's address. A host may be given with `https://` and a trailing
 * slash, as its console shows it. A value that could lead anywhere else than one label or path
 * segment counts as missing.
 */
export function fillAddress(
  entry: CatalogueEntry,
  valueOf: (variable: string) => string | undefined,
): FilledAddress {
  const missing: string[] = []
  const baseUrl = entry.baseUrl.replace(PLACEHOLDER, (placeholder: string, variable: string) => {
    const value = valueOf(variable)
      ?.replace(/^https:\/\//, '')
      .replace(/(?<!\/)\/+$/, '')
    if (value !== undefined && /^\w[\w.-]*$/.test(value)) return value
    missing.push(variable)
    return placeholder
  })
  return missing.length > 0 ? { missing } : { baseUrl }
}
