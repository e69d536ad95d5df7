import type { JsonObject } from '../json.ts'
import type { ErrorFacts, FakeDialect, Route } from './dialect.ts'
import { renderChatCompletion, renderChatCompletionChunks } from './openai-chat-answer.ts'
import { readChatRequest } from './openai-chat-request.ts'
import { validateChatRequest } from './validate-openai-chat.ts'

/** OpenAI chat completions, as the provider speaks it. */
export const openaiChat: FakeDialect = {
  name: 'openai-chat',
  basePath: '/v1',
  jsonType: 'application/json',
  streamType: 'text/event-stream; charset=utf-8',
  streamErrorStatus: 500,
  route(method, url): Route | undefined {
    if (method === 'GET' && url.pathname === '/v1/models') return { operation: 'models' }
    return method === 'POST' && url.pathname === '/v1/chat/completions'
      ? { operation: 'answer' }
      : undefined
  },
  keyOf: (headers) => /^Bearer\s+(\S.*)$/i.exec(headers.authorization ?? '')?.[1],
  keyError: (presented, requestId) => ({
    status: 401,
    message:
      presented === undefined
        ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
        : `Incorrect API key provided: ${masked(presented)}.`,
    code: presented === undefined ? undefined : 'invalid_api_key',
    requestId,
  }),
  unknownModel: (model, requestId) => ({
    status: 404,
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    code: 'model_not_found',
    requestId,
  }),
  read: readChatRequest,
  validate: validateChatRequest,
  renderAnswer: renderChatCompletion,
  renderEvents: renderChatCompletionChunks,
  renderError,
  renderErrorEvent: (facts) => `data: ${JSON.stringify(renderError(facts))}\n\n`,
  renderModels: (models) => ({
    object: 'list',
    data: models.map((id) => ({
      id,
      object: 'model',
      created: 1_700_000_000,
      owned_by: 'fake-provider',
    })),
  }),
  headers: (requestId) => ({ 'x-request-id': requestId, 'openai-version': '2020-10-01' }),
}

/**
 * The real service quotes the ends of a wrong key, which is why gateways must clean what providers
 * say.
 */
function masked(key: string): string {
  return key.length <= 12
    ? '*'.repeat(key.length)
    : `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}`
}

const errorWords: Readonly<Record<number, { type: string; code: string | null; message: string }>> =
  {
    400: { type: 'invalid_request_error', code: null, message: 'The request is invalid.' },
    401: {
      type: 'invalid_request_error',
      code: 'invalid_api_key',
      message: 'Incorrect API key provided.',
    },
    403: {
      type: 'invalid_request_error',
      code: 'unsupported_country_region_territory',
      message: 'Country, region, or territory not supported',
    },
    404: { type: 'invalid_request_error', code: null, message: 'Invalid URL' },
    413: { type: 'invalid_request_error', code: null, message: 'The request body is too large.' },
    429: {
      type: 'requests',
      code: 'rate_limit_exceeded',
      message: 'Rate limit reached for requests. Please try again later.',
    },
    500: {
      type: 'server_error',
      code: null,
      message: 'The server had an error while processing your request. Sorry about that!',
    },
    503: {
      type: 'server_error',
      code: null,
      message: 'The engine is currently overloaded, please try again later',
    },
  }

function renderError(facts: ErrorFacts): JsonObject {
  const words = errorWords[facts.status] ?? errorWords[facts.status < 500 ? 400 : 500]
  return {
    error: {
      message: facts.message ?? words?.message,
      type: words?.type,
      param: facts.param ?? null,
      code: facts.code ?? (facts.message === undefined ? words?.code : null),
    },
  }
}
