import type { JsonObject } from '../json.ts'
import type { ErrorFacts, FakeDialect, Route } from './dialect.ts'
import { renderGeneration, renderGenerationEvents } from './gemini-answer.ts'
import { readGenerateRequest } from './gemini-request.ts'
import { inCamelCase } from './gemini-spelling.ts'
import { validateGenerateRequest } from './validate-gemini.ts'

const ANSWER_PATH = /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent)$/
const INVALID_KEY = 'API key not valid. Please pass a valid API key.'

/** Gemini generateContent (AI Studio), as the provider speaks it. */
export const gemini: FakeDialect = {
  name: 'gemini',
  basePath: '',
  jsonType: 'application/json; charset=UTF-8',
  streamType: 'text/event-stream',
  streamErrorStatus: 503,
  route(method, url): Route | undefined {
    if (method === 'GET' && /^\/v1(beta)?\/models$/.test(url.pathname))
      return { operation: 'models' }
    const [, model, verb] = (method === 'POST' && ANSWER_PATH.exec(url.pathname)) || []
    if (model === undefined) return undefined
    const isEvents = url.searchParams.get('alt') === 'sse'
    const transport = verb === 'generateContent' ? 'json' : isEvents ? 'events' : 'json-array'
    return { operation: 'answer', model: decodeURIComponent(model), transport }
  },
  keyOf(headers, url) {
    const own = headers['x-goog-api-key']
    return typeof own === 'string' ? own : (url.searchParams.get('key') ?? undefined)
  },
  /** A wrong key is a 400 here, a missing one a 403. */
  keyError: (presented, requestId) =>
    presented === undefined
      ? {
          status: 403,
          message:
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
          requestId,
        }
      : { status: 400, message: INVALID_KEY, code: 'API_KEY_INVALID', requestId },
  unknownModel: (model, requestId) => ({
    status: 404,
    message: `models/${model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.`,
    requestId,
  }),
  read: (body, route) => readGenerateRequest(inCamelCase(body), route),
  validate: (request) => validateGenerateRequest({ ...request, body: inCamelCase(request.body) }),
  renderAnswer: renderGeneration,
  renderEvents: renderGenerationEvents,
  renderError,
  renderErrorEvent: (facts) => `data: ${JSON.stringify(renderError(facts))}\r\n\r\n`,
  renderModels: (models) => ({
    models: models.map((id) => ({
      name: `models/${id}`,
      version: '001',
      displayName: id,
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 65_536,
      supportedGenerationMethods: ['generateContent', 'countTokens'],
    })),
  }),
  headers: () => ({ server: 'scaffolding on HTTPServer2', 'x-content-type-options': 'nosniff' }),
}

const errorWords: Readonly<Record<number, { status: string; message: string }>> = {
  400: { status: 'INVALID_ARGUMENT', message: 'Request contains an invalid argument.' },
  401: { status: 'UNAUTHENTICATED', message: 'Request had invalid authentication credentials.' },
  403: { status: 'PERMISSION_DENIED', message: 'The caller does not have permission' },
  404: { status: 'NOT_FOUND', message: 'Requested entity was not found.' },
  409: { status: 'ABORTED', message: 'The operation was aborted.' },
  429: {
    status: 'RESOURCE_EXHAUSTED',
    message: 'You exceeded your current quota, please check your plan and billing details.',
  },
  499: { status: 'CANCELLED', message: 'The operation was cancelled.' },
  500: { status: 'INTERNAL', message: 'An internal error has occurred. Please retry.' },
  501: { status: 'UNIMPLEMENTED', message: 'Operation is not implemented.' },
  503: { status: 'UNAVAILABLE', message: 'The model is overloaded. Please try again later.' },
  504: {
    status: 'DEADLINE_EXCEEDED',
    message: 'Deadline expired before operation could complete.',
  },
}

function renderError(facts: ErrorFacts): JsonObject {
  const words = errorWords[facts.status] ?? errorWords[facts.status < 500 ? 400 : 500]
  const details = detailsOf(facts)
  return {
    error: {
      code: facts.status,
      message: facts.message ?? words?.message,
      status: words?.status,
      ...(details.length === 0 ? {} : { details }),
    },
  }
}

function detailsOf(facts: ErrorFacts): JsonObject[] {
  const details: JsonObject[] = []
  if (facts.code !== undefined) {
    details.push({
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: facts.code,
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    })
  }
  if (facts.param !== undefined) {
    details.push({
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: facts.param, description: facts.message }],
    })
  }
  if (facts.retryAfterMs !== undefined) {
    details.push({
      '@type': 'type.googleapis.com/google.rpc.RetryInfo',
      retryDelay: `${facts.retryAfterMs / 1000}s`,
    })
  }
  return details
}
