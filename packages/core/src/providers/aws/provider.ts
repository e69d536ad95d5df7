import type { Clock } from '../../clock.ts'
import type { Powers, Quirks } from '../../dialects/index.ts'
import { GatewayError } from '../../errors.ts'
import {
  type AwsCredentials,
  type AwsCredentialsFunction,
  AwsCredentialSource,
} from './credentials.ts'
import { powersFor } from '../powers.ts'
import type { PreparedRequest, Provider, ProviderRequest } from '../provider.ts'
import { Secrets } from '../secrets.ts'
import { Sigv4Signer } from './sigv4.ts'

/** Validated settings of a provider at Amazon Bedrock. */
export interface BedrockSettings {
  /** Provider name: the part before the slash in `provider/model`. */
  readonly name: string
  /** `eu-central-1`: where the models are, and what signatures are for. */
  readonly region: string
  /**
   * An API key, a key pair, or a function that returns one of them (any credential provider of the
   * AWS SDK).
   */
  readonly credentials: AwsCredentials | AwsCredentialsFunction
  /**
   * Absolute http(s) URL without credentials, query or fragment; the service's own address in the
   * region when absent.
   */
  readonly baseUrl?: string | undefined
  /** Model ids, inference profiles and their ARNs named in the configuration. */
  readonly models?: readonly string[] | undefined
  /** Lower-case names. An `authorization` replaces the credentials. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly quirks?: Quirks | undefined
}

interface Service {
  /** As signatures name it. */
  readonly signingName: string
  readonly dialects: readonly [string, ...string[]]
  readonly baseUrl: (region: string) => string
  readonly modelPrefixes: readonly string[]
  readonly listModelsPath: string | undefined
}

const runtime: Service = {
  signingName: 'bedrock',
  dialects: ['bedrock-converse'],
  baseUrl: (region) => `https://bedrock-runtime.${region}.${domainOf(region)}`,
  modelPrefixes:
    // Makers, and for inference profiles where they route to: no other service names its models so.
    (
      'amazon anthropic meta mistral cohere ai21 deepseek openai qwen google minimax moonshot moonshotai nvidia writer zai ' +
      'us us-gov eu apac jp au ca global'
    )
      .split(' ')
      .map((name) => `${name}.`)
      .concat('arn:aws'),
  listModelsPath: undefined,
}

const mantle: Service = {
  signingName: 'bedrock-mantle',
  dialects: ['openai-chat', 'openai-responses'],
  baseUrl: (region) => `https://bedrock-mantle.${region}.api.aws/openai/v1`,
  modelPrefixes: [],
  listModelsPath: '/models',
}

/**
 * Amazon Bedrock's runtime, spoken to in Converse. A model is named by its id
 * (`amazon.nova-2-lite-v1:0`), by an inference profile
 * (`eu.anthropic.claude-sonnet-4-5-20250929-v1:0`) or by the ARN of one.
 *
 * @example createBedrockProvider({ name: 'bedrock', region: 'eu-central-1', credentials: {
 *   bearerToken } }, systemClock)
 */
export function createBedrockProvider(
  settings: BedrockSettings,
  clock: Pick<Clock, 'now'>,
): Provider {
  return new BedrockProvider(settings, runtime, clock)
}

/**
 * Bedrock's OpenAI-compatible endpoint. Its model ids have no region and no version:
 * `openai.gpt-oss-120b`.
 */
export function createBedrockMantleProvider(
  settings: BedrockSettings,
  clock: Pick<Clock, 'now'>,
): Provider {
  return new BedrockProvider(settings, mantle, clock)
}

class BedrockProvider implements Provider {
  readonly name: string
  readonly dialect: string
  readonly origin: string
  readonly basePath: string
  readonly models: readonly string[]
  readonly modelPrefixes: readonly string[]
  readonly quirks: Quirks
  readonly powers: Powers
  readonly listModelsPath: string | undefined
  readonly #dialects: readonly string[]
  readonly #host: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #secrets: Secrets
  readonly #credentials: AwsCredentialSource | AwsCredentials | undefined
  readonly #signer: Sigv4Signer

  constructor(settings: BedrockSettings, service: Service, clock: Pick<Clock, 'now'>) {
    const { credentials, headers = {} } = settings
    const url = new URL(settings.baseUrl ?? service.baseUrl(settings.region))
    this.name = settings.name
    this.dialect = service.dialects[0]
    this.origin = url.origin
    this.basePath = url.pathname.replace(/(?<!\/)\/+$/, '')
    this.models = Object.freeze([...(settings.models ?? [])])
    this.modelPrefixes = service.modelPrefixes
    this.quirks = Object.freeze({ ...settings.quirks })
    this.powers = settings.quirks?.powers ?? powersFor('bedrock', true)
    this.#dialects = service.dialects
    this.#host = url.host
    this.#secrets = new Secrets([
      ...Object.values(headers),
      ...(typeof credentials === 'function' ? [] : secretsOf(credentials)),
    ])
    this.#signer = new Sigv4Signer({ region: settings.region, service: service.signingName }, clock)
    const fixed = bearerOf(credentials)
    this.#headers = Object.freeze({ ...fixed, ...headers })
    if (fixed !== undefined || headers.authorization !== undefined) this.#credentials = undefined
    else if (typeof credentials !== 'function') this.#credentials = credentials
    else
      this.#credentials = new AwsCredentialSource(credentials, {
        clock,
        provider: settings.name,
        onRenewal: (renewed) => this.#secrets.remember(secretsOf(renewed)),
      })
    // The model list is requested with `headers()` alone, which carry no signature.
    this.listModelsPath = this.#credentials === undefined ? service.listModelsPath : undefined
    Object.freeze(this)
  }

  headers(): Readonly<Record<string, string>> {
    return this.#headers
  }

  redact(text: string): string {
    return this.#secrets.redact(text)
  }

  dialectsFor(): readonly string[] {
    return this.#dialects
  }

  prepare(request: ProviderRequest): PreparedRequest | Promise<PreparedRequest> {
    const credentials =
      this.#credentials instanceof AwsCredentialSource
        ? this.#credentials.current()
        : this.#credentials
    if (credentials === undefined) return request
    return credentials instanceof Promise
      ? credentials.then((current) => this.#prove(request, current))
      : this.#prove(request, credentials)
  }

  #prove(request: ProviderRequest, credentials: AwsCredentials): PreparedRequest {
    const { method, path, headers, body } = request
    if ('bearerToken' in credentials)
      return {
        method,
        path,
        body,
        headers: { ...headers, authorization: `Bearer ${credentials.bearerToken}` },
      }
    if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) {
      throw new GatewayError(
        'unsupported_content',
        `${this.name} takes no streamed bodies: they cannot be signed before they are known.`,
        { provider: this.name },
      )
    }
    return {
      method,
      path,
      body,
      headers: {
        ...headers,
        ...this.#signer.sign({ method, path, headers, body, host: this.#host }, credentials),
      },
    }
  }
}

function bearerOf(
  credentials: BedrockSettings['credentials'],
): { readonly authorization: string } | undefined {
  return typeof credentials !== 'function' && 'bearerToken' in credentials
    ? { authorization: `Bearer ${credentials.bearerToken}` }
    : undefined
}

/** The access key id is no secret, but no client needs to see it. */
function secretsOf(credentials: AwsCredentials): string[] {
  if ('bearerToken' in credentials) return [credentials.bearerToken]
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  return [accessKeyId, secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])]
}

/** The regions in China have a domain of their own. */
function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
}
