import type { Powers, Quirks } from '../../dialects/index.ts'

/** The wire formats a provider may be called in. */
export const dialectNames = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere',
] as const

export type DialectName = (typeof dialectNames)[number]

/**
 * How a provider wants its key: `authorization: Bearer <key>`, or the bare key in a header of its
 * own.
 */
export type AuthStyle = 'bearer' | 'x-api-key' | 'x-goog-api-key'

/**
 * A service or server the gateway knows by name: a key (or, for a local server, an address) makes
 * it callable.
 */
export interface CatalogueEntry {
  /** Provider name before the slash: lower case, `-` between words. */
  readonly name: string
  /** The name people know it by. */
  readonly title: string
  readonly dialect: DialectName
  /** Additional dialects, for clients that speak them. */
  readonly alsoSpeaks: readonly DialectName[]
  /** Models that speak others than the rest; the first row that fits counts. */
  readonly exceptions: readonly ModelException[]
  /**
   * Where paths of the dialect begin. `{ENV_NAME}` stands for the value of that environment
   * variable.
   */
  readonly baseUrl: string
  /**
   * Environment variables its key is read from, first found wins; the first is always
   * `<NAME>_API_KEY`.
   */
  readonly keyVariables: readonly string[]
  /**
   * A server people run themselves: it needs no key and is only called when its address is
   * configured.
   */
  readonly isLocal: boolean
  readonly auth: AuthStyle
  /** How its own bare model ids begin; empty for services that host the models of others. */
  readonly modelPrefixes: readonly string[]
  /** Path of the model list below `baseUrl`; absent where the service has none there. */
  readonly listModelsPath: string | undefined
  readonly quirks: Quirks
  /** Fields with effects beyond the requested model. */
  readonly powers: Powers
}

/** Models of a service that speak these dialects only. */
export interface ModelException {
  readonly models: RegExp
  readonly dialects: readonly DialectName[]
}

/** A row of the catalogue: fields that are absent have the defaults of `catalogue`. */
export type CatalogueRow = Pick<CatalogueEntry, 'name' | 'title' | 'baseUrl' | 'keyVariables'> &
  Partial<CatalogueEntry>
