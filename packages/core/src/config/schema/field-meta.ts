/**
 * Metadata of a field: its documentation and its environment variable are made from it.
 */
export interface FieldMeta {
  readonly description: string
  /** How a value looks, for the documentation. */
  readonly type: string
  /** As users write it, for the documentation. */
  readonly default?: string
  /** Environment variable that sets it; `<NAME>` stands for the name of a record's entry. */
  readonly env?: string
  /** How the environment's text becomes a value. `text` when absent. */
  readonly read?: 'text' | 'number' | 'list'
  /** The value is a secret and is never shown. */
  readonly isSecret?: boolean
  /** Cannot be written in a file or in the environment. */
  readonly codeOnly?: boolean
}

/** Metadata as a schema takes it. */
export function meta(fields: FieldMeta): FieldMeta & Record<string, unknown> {
  return { ...fields }
}

/** Names for the documentation. */
export function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
