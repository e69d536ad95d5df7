import type { Quirks } from '../../dialects/index.ts'
import type { DialectName } from '../catalogue/entry.ts'
import { exceptionsOfOpenai } from '../catalogue/first-party.ts'
import { originalChat } from '../catalogue/compatibility.ts'
import { pathSegment } from '../path-segment.ts'
import { powersFor } from '../powers.ts'
import type { PreparedRequest, Provider, ProviderRequest } from '../provider.ts'
import { Secrets } from '../secrets.ts'
import { dialectsOf } from '../spoken-dialects.ts'
import { askForToken, type TokenSource } from '../token-source.ts'

export interface AzureSettings {
  readonly name: string
  /**
   * Base URL before `/openai`: `https://{resource}.openai.azure.com`. It may also end in
   * `/openai`, in `/openai/v1`, or in `/models` for the endpoint of that name. Without it, the one
   * of `resource`.
   */
  readonly baseUrl?: string | undefined
  /** Name of the resource. */
  readonly resource?: string | undefined
  readonly apiKey?: string | undefined
  /** Gives an Entra token, on every call; goes before `apiKey`. */
  readonly token?: TokenSource | undefined
  /**
   * A date chooses the older interface, whose addresses name a deployment; anything else is sent
   * with the current one.
   */
  readonly apiVersion?: string | undefined
  /** Lower-case names. One that is also the credential header replaces it. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly models?: readonly string[] | undefined
  readonly quirks?: Quirks | undefined
}

/** `2024-10-21`, `2025-04-01-preview` */
export const DATED_VERSION = /^\d{4}-\d{2}-\d{2}(?:-preview)?$/

/**
 * Azure OpenAI and Foundry. The model of a target is the name of a deployment; it stands in the
 * body, and with a dated version in the address as well. Throws a `TypeError` when there is no
 * address.
 */
export function createAzureProvider(settings: AzureSettings): Provider {
  const { name } = settings
  const { origin, ...surface } = surfaceOf(settings)
  // A configured credential header replaces ours, whichever it would have been.
  const { headers = {}, ...ours } = settings
  const { token, apiKey } = CREDENTIAL_HEADERS.some((header) => headers[header] !== undefined)
    ? {}
    : ours
  const secret = Object.freeze({
    ...(token === undefined && apiKey !== undefined ? { 'api-key': apiKey } : {}),
    ...headers,
  })
  const secrets = new Secrets(Object.values(secret))
  const dialectsFor = dialectsOf({
    dialect: 'openai-chat',
    alsoSpeaks: surface.alsoSpeaks,
    exceptions: surface.alsoSpeaks.length === 0 ? [] : exceptionsOfOpenai,
  })
  const address = (request: ProviderRequest): PreparedRequest => {
    const { method, body } = request
    return { method, headers: request.headers, body, path: surface.pathOf(request) }
  }
  const authorized = async (
    request: ProviderRequest,
    source: TokenSource,
  ): Promise<PreparedRequest> => {
    const value = await askForToken(source, name)
    secrets.remember([value])
    return {
      ...address(request),
      headers: { ...request.headers, authorization: `Bearer ${value}` },
    }
  }
  return Object.freeze({
    name,
    dialect: 'openai-chat',
    origin,
    basePath: surface.basePath,
    models: Object.freeze([...(settings.models ?? [])]),
    modelPrefixes: [],
    quirks: Object.freeze({ ...surface.quirks, ...settings.quirks }),
    // The service lists the models there are, not the deployments that can be called.
    powers: settings.quirks?.powers ?? powersFor('azure', true),
    listModelsPath: undefined,
    headers: () => secret,
    ...(dialectsFor === undefined ? {} : { dialectsFor }),
    prepare:
      token === undefined ? address : (request: ProviderRequest) => authorized(request, token),
    redact: (text: string) => secrets.redact(text),
  })
}

const CREDENTIAL_HEADERS = ['authorization', 'api-key']

/** One of the three interfaces of the service. */
interface Surface {
  readonly basePath: string
  readonly quirks: Quirks
  readonly alsoSpeaks: readonly DialectName[]
  pathOf(request: ProviderRequest): string
}

/** With the older interface, what is below a deployment; everything else stands beside them. */
const OF_A_DEPLOYMENT = /^\/(?:chat|completions|embeddings|images|audio)(?:[/?]|$)/
/** From these versions on, the older interface knows the fields, and the other dialect. */
const KNOWS_CURRENT_FIELDS = '2024-09-01'
const KNOWS_RESPONSES = '2025-03-01'
/** The endpoint for models of other makers wants one, and this is the only one it documents. */
const MODELS_VERSION = '2024-05-01-preview'

function surfaceOf(settings: AzureSettings): Surface & { readonly origin: string } {
  const url = new URL(settings.baseUrl ?? addressOf(settings))
  const { origin } = url
  const path = url.pathname.replace(/(?<!\/)\/+$/, '')
  const version = settings.apiVersion
  if (path.endsWith('/models')) return { origin, ...modelsSurface(path, version ?? MODELS_VERSION) }
  if (path.endsWith('/v1')) return { origin, ...currentSurface(path, version) }
  const root = path.endsWith('/openai') ? path : `${path}/openai`
  const isDated = version !== undefined && DATED_VERSION.test(version)
  return {
    origin,
    ...(isDated
      ? deploymentsSurface(root, version, settings.name)
      : currentSurface(`${root}/v1`, version)),
  }
}

function addressOf({ name, resource }: AzureSettings): string {
  if (resource === undefined) throw new TypeError(`${name} has neither an address nor a resource.`)
  return `https://${resource}.openai.azure.com`
}

function currentSurface(basePath: string, version: string | undefined): Surface {
  const pathOf = ({ path }: ProviderRequest): string =>
    version === undefined ? path : withVersion(path, version)
  return { basePath, quirks: originalChat, alsoSpeaks: ['openai-responses'], pathOf }
}

function modelsSurface(basePath: string, version: string): Surface {
  return { basePath, quirks: {}, alsoSpeaks: [], pathOf: ({ path }) => withVersion(path, version) }
}

function deploymentsSurface(basePath: string, version: string, provider: string): Surface {
  return {
    basePath,
    quirks: version >= KNOWS_CURRENT_FIELDS ? originalChat : { noStreamOptions: true },
    alsoSpeaks: version >= KNOWS_RESPONSES ? ['openai-responses'] : [],
    pathOf({ path, model }) {
      const below = path.slice(basePath.length)
      const deployment = OF_A_DEPLOYMENT.test(below)
        ? `/deployments/${pathSegment(model, provider)}`
        : ''
      return withVersion(basePath + deployment + below, version)
    },
  }
}

function withVersion(path: string, version: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}api-version=${encodeURIComponent(version)}`
}
