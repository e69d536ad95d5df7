import type { Quirks } from '../../dialects/index.ts'
import { GatewayError } from '../../errors.ts'
import type { DialectName } from '../catalogue/entry.ts'
import type { ProviderDeps } from '../deps.ts'
import { createGoogleToken, type GoogleAuthLibrary } from './token.ts'
import { powersFor } from '../powers.ts'
import type { PreparedRequest, Provider, ProviderRequest } from '../provider.ts'
import { Secrets } from '../secrets.ts'
import type { GoogleCredentials } from './service-account.ts'
import { askForToken, type TokenSource } from '../token-source.ts'
import { ofAnthropic, ofGoogle, ofOthers, type Place } from './paths.ts'

export interface VertexSettings {
  readonly name: string
  /**
   * Another address than the location's own; what it ends with is put before `/v1/projects/...`.
   */
  readonly baseUrl?: string | undefined
  /** Absent with an API key alone, which serves Google's own models ("express mode"). */
  readonly project?: string | undefined
  /** @default 'global' */
  readonly location?: string | undefined
  readonly apiKey?: string | undefined
  /**
   * Content of a credentials file. Without it, and without a key or token: what the machine has.
   */
  readonly credentials?: GoogleCredentials | undefined
  /** Gives an access token, on every call; goes before every other credential. */
  readonly token?: TokenSource | undefined
  /** Lower-case names. One that is also the credential header replaces it. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly models?: readonly string[] | undefined
  readonly quirks?: Quirks | undefined
  /** For tests. */
  readonly loadLibrary?: (() => Promise<GoogleAuthLibrary>) | undefined
}

/**
 * Vertex AI: Gemini, Claude and the models of others, each in its own dialect below one project.
 * Throws a `TypeError` for credentials that cannot be used.
 */
export function createVertexProvider(settings: VertexSettings, deps: ProviderDeps): Provider {
  const { name } = settings
  const location = settings.location ?? 'global'
  const url = new URL(settings.baseUrl ?? `https://${hostOf(location)}`)
  const basePath = url.pathname.replace(/(?<!\/)\/+$/, '').replace(/\/v1(?:beta1)?$/, '')
  const place: Place = { provider: name, project: settings.project, location, basePath }
  const { source, header } = credentialOf(settings, deps)
  const secret = Object.freeze({ ...header, ...settings.headers })
  const secrets = new Secrets(Object.values(secret))
  const authorized = async (
    request: PreparedRequest,
    ask: TokenSource,
  ): Promise<PreparedRequest> => {
    const token = await askForToken(ask, name)
    secrets.remember([token])
    return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } }
  }
  return Object.freeze({
    name,
    dialect: 'gemini',
    origin: url.origin,
    basePath,
    models: Object.freeze([...(settings.models ?? [])]),
    modelPrefixes: [],
    quirks: Object.freeze({ predictsEmbeddings: true, ...settings.quirks }),
    // The service lists what Google publishes, not what this project may call.
    powers: settings.quirks?.powers ?? powersFor('vertex', true),
    listModelsPath: undefined,
    headers: () => secret,
    dialectsFor: (model: string) => dialectsOfMaker[makerOf(model).maker],
    prepare(request: ProviderRequest) {
      const addressed = addressedTo(request, place)
      return source === undefined ? addressed : authorized(addressed, source)
    },
    redact: (text: string) => secrets.redact(text),
  })
}

function hostOf(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com'
  return location === 'us' || location === 'eu'
    ? `aiplatform.${location}.rep.googleapis.com`
    : `${location}-aiplatform.googleapis.com`
}

const CREDENTIAL_HEADERS = ['authorization', 'x-goog-api-key']

interface Credential {
  /** Where tokens come from; `undefined` when the headers say it all. */
  readonly source?: TokenSource
  readonly header?: Readonly<Record<string, string>>
}

function credentialOf(settings: VertexSettings, deps: ProviderDeps): Credential {
  const { headers = {}, token, apiKey, credentials, name, loadLibrary } = settings
  if (CREDENTIAL_HEADERS.some((header) => headers[header] !== undefined)) return {}
  if (token !== undefined) return { source: token }
  if (credentials === undefined && apiKey !== undefined)
    return { header: { 'x-goog-api-key': apiKey } }
  return {
    source: createGoogleToken({
      provider: name,
      credentials,
      deps,
      ...(loadLibrary && { loadLibrary }),
    }),
  }
}

type Maker = 'google' | 'anthropic' | 'others'

const dialectsOfMaker: Readonly<Record<Maker, readonly DialectName[]>> = {
  google: ['gemini'],
  anthropic: ['anthropic-messages'],
  others: ['openai-chat'],
}

const OF_A_PUBLISHER = /^(?:publishers\/([^/]+)\/models|([^/]+))\/(.+)$/

/**
 * `gemini-3-pro`, `claude-sonnet-4-6`, `meta/llama-4`, `publishers/google/models/gemini-3-pro`,
 * `endpoints/123`.
 */
function makerOf(model: string): { readonly maker: Maker; readonly id: string } {
  if (model.startsWith('endpoints/')) return { maker: 'google', id: model }
  const [, long, short, id = model] = OF_A_PUBLISHER.exec(model) ?? []
  const publisher = long ?? short ?? (model.startsWith('claude-') ? 'anthropic' : 'google')
  // The short form of Google's own API.
  if (publisher === 'google' || publisher === 'models') return { maker: 'google', id }
  return publisher === 'anthropic'
    ? { maker: 'anthropic', id }
    : { maker: 'others', id: `${publisher}/${id}` }
}

const ADDRESS_OF: Readonly<Record<Maker, typeof ofGoogle>> = {
  google: ofGoogle,
  anthropic: ofAnthropic,
  others: ofOthers,
}

function addressedTo(request: ProviderRequest, place: Place): PreparedRequest {
  const { maker, id } = makerOf(request.model)
  if (place.project === undefined && maker !== 'google') {
    const message = `${place.provider} has an API key and no project, which serves Google's own models only. Configure a project and an account for ${JSON.stringify(request.model)}.`
    throw new GatewayError('provider_credentials', message, { provider: place.provider })
  }
  return ADDRESS_OF[maker](request, id, place)
}
