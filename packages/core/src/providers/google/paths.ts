import { GatewayError } from '../../errors.ts'
import { pathSegment } from '../path-segment.ts'
import type { PreparedRequest, ProviderRequest } from '../provider.ts'

/** Where the models of a project are. */
export interface Place {
  /** The provider's name, for messages. */
  readonly provider: string
  readonly project: string | undefined
  readonly location: string
  /** Path prefix; never ends with a slash. */
  readonly basePath: string
}

/** `:generateContent`, `:streamGenerateContent?alt=sse`, `:countTokens` */
const ACTION = /:([A-Za-z]+)(\?.*)?$/

/**
 * Gemini: the same body as in Google's own API, below the project. A tuned model has an endpoint
 * instead of a name.
 */
export function ofGoogle(request: ProviderRequest, id: string, place: Place): PreparedRequest {
  const action = ACTION.exec(request.path)?.[0]
  if (action === undefined) throw notServed(request, place)
  const endpoint = /^endpoints\/(.+)$/.exec(id)?.[1]
  const model =
    endpoint === undefined
      ? `publishers/google/models/${pathSegment(id, place.provider)}`
      : `endpoints/${pathSegment(endpoint, place.provider)}`
  return {
    method: request.method,
    headers: request.headers,
    body: request.body,
    path: `${rootOf(place)}/${model}${action}`,
  }
}

const MESSAGES = '/v1/messages'
const COUNT_TOKENS = '/v1/messages/count_tokens'
/** Stands in the body instead of a header. */
const ANTHROPIC_VERSION = 'vertex-2023-10-16'

/**
 * Claude: Anthropic's own body, with the version in it and the model in the path. Queries such as
 * `?beta=true` mean nothing there.
 */
export function ofAnthropic(request: ProviderRequest, id: string, place: Place): PreparedRequest {
  const [path] = request.path.slice(place.basePath.length).split('?')
  if (path !== MESSAGES && path !== COUNT_TOKENS) throw notServed(request, place)
  const models = `${rootOf(place)}/publishers/anthropic/models`
  const { 'anthropic-version': _, ...headers } = request.headers
  const { model: __, ...body } = bodyOf(request, place)
  const versioned = { ...body, anthropic_version: ANTHROPIC_VERSION }
  if (path === COUNT_TOKENS) {
    // Counting refuses betas that the models themselves take, and counts the same without them.
    const { 'anthropic-beta': ___, ...rest } = headers
    return {
      method: request.method,
      headers: rest,
      body: JSON.stringify({ model: id, ...versioned }),
      path: `${models}/count-tokens:rawPredict`,
    }
  }
  const action = request.stream ? 'streamRawPredict' : 'rawPredict'
  return {
    method: request.method,
    headers,
    body: JSON.stringify(versioned),
    path: `${models}/${pathSegment(id, place.provider)}:${action}`,
  }
}

/**
 * The models of other makers: the OpenAI-compatible endpoint, which takes `maker/model` in the
 * body.
 */
export function ofOthers(request: ProviderRequest, id: string, place: Place): PreparedRequest {
  const below = request.path.slice(place.basePath.length)
  const body =
    id === request.model ? request.body : JSON.stringify({ ...bodyOf(request, place), model: id })
  return {
    method: request.method,
    headers: request.headers,
    body,
    path: `${rootOf(place)}/endpoints/openapi${below}`,
  }
}

function rootOf({ basePath, project, location }: Place): string {
  return project === undefined
    ? `${basePath}/v1`
    : `${basePath}/v1/projects/${project}/locations/${location}`
}

const decoder = new TextDecoder()

function bodyOf({ body, path }: ProviderRequest, { provider }: Place): Record<string, unknown> {
  const text = body instanceof Uint8Array ? decoder.decode(body) : body
  // The body was built as JSON, or read as JSON before it was relayed.
  if (typeof text === 'string') return JSON.parse(text) as Record<string, unknown>
  throw new GatewayError(
    'internal_error',
    `The request to ${provider} at ${path} has no JSON body.`,
    { provider },
  )
}

function notServed({ model, path }: ProviderRequest, { provider }: Place): GatewayError {
  return new GatewayError(
    'unsupported_content',
    `${provider} does not serve ${path} for ${JSON.stringify(model)}.`,
    { provider },
  )
}
