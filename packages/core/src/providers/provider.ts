import type { Powers, Quirks } from '../dialects/index.ts'
import type { AuthStyle, CatalogueEntry, DialectName } from './catalogue/entry.ts'
import { powersFor } from './powers.ts'
import { Secrets } from './secrets.ts'
import { dialectsOf } from './spoken-dialects.ts'

/**
 * A provider the gateway can call, resolved once at start and frozen. Printing or serialising one
 * never shows a header's value.
 */
export interface Provider {
  /** Provider name: the part before the slash in `provider/model`. */
  readonly name: string
  /** Name of the dialect it is spoken to in by default. */
  readonly dialect: string
  /** `https://host[:port]` */
  readonly origin: string
  /** Path prefix of every call: `/v1`, or `''`. Never ends with a slash. */
  readonly basePath: string
  /** Model ids named in the configuration; the provider may serve more. */
  readonly models: readonly string[]
  /** How its own bare model ids begin; empty when it has none of its own. */
  readonly modelPrefixes: readonly string[]
  readonly quirks: Quirks
  /** Fields with effects beyond the requested model. */
  readonly powers: Powers
  /**
   * Mark of its proofs when another configured provider speaks its dialect: see
   * `dialects/issuer.ts`.
   */
  readonly issuer?: string
  /** Path of the model list below `basePath`; absent when the provider has none. */
  readonly listModelsPath: string | undefined
  /**
   * The same provider with the keys of tenants that bring their own, by tenant, for calls of that
   * tenant only.
   */
  readonly tenants?: ReadonlyMap<string, Provider>
  /** Only tenants with a key of their own are served. */
  readonly isForTenantsOnly?: boolean
  /** Its keys, where it has several: each call is made with one of them. */
  readonly keys?: readonly ProviderKey[]
  /**
   * The credential and the configured headers, lower-case names. A method, so that no inspection
   * finds the secret in a field.
   */
  headers(): Readonly<Record<string, string>>
  /**
   * Names of the dialects it speaks for this model, the best one first; `dialect` alone when
   * absent.
   */
  dialectsFor?(model: string): readonly string[]
  /**
   * Last word on a call, where it takes more than headers: the address of a deployment, a signature
   * over the body, a token that expires. Rejects with `provider_credentials` when there is none to
   * be had.
   */
  prepare?(request: ProviderRequest): PreparedRequest | Promise<PreparedRequest>
  /**
   * The text without the credential and without the values of configured headers, should the
   * provider echo one.
   */
  redact(text: string): string
}

/** A call as it leaves, before the provider has its last word. */
export interface PreparedRequest {
  readonly method: string
  /** Path with query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array> | undefined
}

export interface ProviderRequest extends PreparedRequest {
  /** The provider's own model id. */
  readonly model: string
  readonly stream: boolean
}

/** One of several keys of a provider. */
export interface ProviderKey {
  /** `key-1`: what logs and health checks call it. Never a part of the key itself. */
  readonly name: string
  /** How often it is used, against the others. Above 0. */
  readonly weight: number
  /** The provider, called with this key. */
  readonly provider: Provider
}

/** Validated settings of a provider. */
export interface ProviderSettings {
  readonly name: string
  /** Absolute http(s) URL without credentials, query or fragment; the catalogue's when absent. */
  readonly baseUrl: string
  readonly apiKey?: string | undefined
  readonly dialect?: DialectName | undefined
  /** Additional dialects; the catalogue's when absent. */
  readonly alsoSpeaks?: readonly DialectName[] | undefined
  /** Lower-case names. One that is also the credential header replaces it. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly models?: readonly string[] | undefined
  /** Added to the quirks the catalogue knows. */
  readonly quirks?: Quirks | undefined
}

/** Builds a provider from what was configured and, for a known one, what the catalogue says. */
export function createProvider(settings: ProviderSettings, known?: CatalogueEntry): Provider {
  const dialect = settings.dialect ?? known?.dialect ?? 'openai-chat'
  // The catalogue's facts on a wire format apply only to calls in that format.
  const facts = known?.dialect === dialect ? known : undefined
  const { origin, basePath } = splitAddress(settings.baseUrl, dialect, known)
  const auth = facts?.auth ?? authOf[dialect]
  return new ResolvedProvider(
    {
      name: settings.name,
      dialect,
      origin,
      basePath,
      models: Object.freeze([...(settings.models ?? [])]),
      modelPrefixes: known?.modelPrefixes ?? [],
      quirks: Object.freeze({ ...quirksAt(origin, facts), ...settings.quirks }),
      powers: settings.quirks?.powers ?? powersFor(known?.name, isOwnAddress(origin, known)),
      listModelsPath: facts === undefined ? listModelsPathOf[dialect] : facts.listModelsPath,
      dialectsFor: dialectsOf({
        dialect,
        alsoSpeaks: settings.alsoSpeaks ?? facts?.alsoSpeaks ?? [],
        exceptions: facts?.exceptions ?? [],
      }),
    },
    {
      fixed: versionHeaderOf[dialect] ?? {},
      secret: {
        ...(settings.apiKey === undefined ? {} : credentialHeader(auth, settings.apiKey)),
        ...settings.headers,
      },
    },
  )
}

type Facts = Omit<Provider, 'headers' | 'redact' | 'prepare' | 'dialectsFor'> & {
  readonly dialectsFor: Provider['dialectsFor'] | undefined
}

class ResolvedProvider implements Provider {
  readonly name: string
  readonly dialect: string
  readonly origin: string
  readonly basePath: string
  readonly models: readonly string[]
  readonly modelPrefixes: readonly string[]
  readonly quirks: Quirks
  readonly powers: Powers
  readonly listModelsPath: string | undefined
  readonly dialectsFor?: (model: string) => readonly string[]
  readonly #headers: Readonly<Record<string, string>>
  readonly #secrets: Secrets

  constructor(
    facts: Facts,
    headers: {
      readonly fixed: Readonly<Record<string, string>>
      readonly secret: Readonly<Record<string, string>>
    },
  ) {
    this.name = facts.name
    this.dialect = facts.dialect
    this.origin = facts.origin
    this.basePath = facts.basePath
    this.models = facts.models
    this.modelPrefixes = facts.modelPrefixes
    this.quirks = facts.quirks
    this.powers = facts.powers
    this.listModelsPath = facts.listModelsPath
    if (facts.dialectsFor !== undefined) this.dialectsFor = facts.dialectsFor
    this.#headers = Object.freeze({ ...headers.fixed, ...headers.secret })
    this.#secrets = new Secrets(Object.values(headers.secret))
    Object.freeze(this)
  }

  headers(): Readonly<Record<string, string>> {
    return this.#headers
  }

  redact(text: string): string {
    return this.#secrets.redact(text)
  }
}

/** Headers that every call in the dialect needs, the list of models included. */
const versionHeaderOf: Readonly<Partial<Record<DialectName, Readonly<Record<string, string>>>>> = {
  'anthropic-messages': { 'anthropic-version': '2023-06-01' },
}

const authOf: Readonly<Record<DialectName, AuthStyle>> = {
  'openai-chat': 'bearer',
  'openai-responses': 'bearer',
  'anthropic-messages': 'x-api-key',
  gemini: 'x-goog-api-key',
  'bedrock-converse': 'bearer',
  cohere: 'bearer',
}

const listModelsPathOf: Readonly<Record<DialectName, string | undefined>> = {
  'openai-chat': '/models',
  'openai-responses': '/models',
  // The largest page: the default one holds 20 of Anthropic's models and 50 of Gemini's.
  'anthropic-messages': '/v1/models?limit=1000',
  gemini: '/v1beta/models?pageSize=1000',
  'bedrock-converse': undefined,
  cohere: '/v1/models?page_size=1000',
}

function credentialHeader(auth: AuthStyle, key: string): Record<string, string> {
  return auth === 'bearer' ? { authorization: `Bearer ${key}` } : { [auth]: key }
}

/**
 * At an address other than the service's own, another server may answer: `exact` is not assumed
 * there.
 */
function quirksAt(origin: string, facts: CatalogueEntry | undefined): Quirks {
  if (facts === undefined) return {}
  const { exact: _, ...others } = facts.quirks
  return isOwnAddress(origin, facts) ? facts.quirks : others
}

function isOwnAddress(origin: string, known: CatalogueEntry | undefined): boolean {
  return known !== undefined && (known.baseUrl === origin || known.baseUrl.startsWith(`${origin}/`))
}

/** Dialects whose own paths begin with the API version. */
const versionedPaths: readonly string[] = ['anthropic-messages', 'gemini', 'cohere']

function splitAddress(
  baseUrl: string,
  dialect: DialectName,
  known: CatalogueEntry | undefined,
): { origin: string; basePath: string } {
  const url = new URL(baseUrl)
  const path = url.pathname.replace(/(?<!\/)\/+$/, '')
  return { origin: url.origin, basePath: basePathFor(path, dialect, known) }
}

function basePathFor(
  path: string,
  dialect: DialectName,
  known: CatalogueEntry | undefined,
): string {
  // The official SDKs take these addresses without a version, others want it: users write both.
  if (versionedPaths.includes(dialect)) return path.replace(/\/v(?:1|1beta|2)$/, '')
  // Local servers are habitually given as `http://host:port`, where their OpenAI-compatible API
  // does not live.
  if (path === '' && known?.isLocal === true) return new URL(known.baseUrl).pathname
  return path
}
