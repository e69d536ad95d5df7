import type { JsonObject } from '../json.ts'
import { renderMessage, renderMessageEvents } from './anthropic-messages-answer.ts'
import { readMessagesRequest } from './anthropic-messages-request.ts'
import type { ErrorFacts, FakeDialect, Route } from './dialect.ts'
import { validateMessagesRequest } from './validate-anthropic-messages.ts'

/** Anthropic Messages, as the provider speaks it. */
export const anthropicMessages: FakeDialect = {
  name: 'anthropic-messages',
  basePath: '',
  jsonType: 'application/json',
  streamType: 'text/event-stream; charset=utf-8',
  streamErrorStatus: 529,
  route(method, url): Route | undefined {
    if (method === 'GET' && url.pathname === '/v1/models') return { operation: 'models' }
    return method === 'POST' && url.pathname === '/v1/messages'
      ? { operation: 'answer' }
      : undefined
  },
  keyOf(headers) {
    const own = headers['x-api-key']
    return typeof own === 'string'
      ? own
      : /^Bearer\s+(\S.*)$/i.exec(headers.authorization ?? '')?.[1]
  },
  keyError: (presented, requestId) => ({
    status: 401,
    message: presented === undefined ? 'x-api-key header is required' : 'invalid x-api-key',
    requestId,
  }),
  unknownModel: (model, requestId) => ({ status: 404, message: `model: ${model}`, requestId }),
  read: readMessagesRequest,
  validate: validateMessagesRequest,
  renderAnswer: renderMessage,
  renderEvents: renderMessageEvents,
  renderError,
  renderErrorEvent: (facts) => `event: error\ndata: ${JSON.stringify(renderError(facts))}\n\n`,
  renderModels: (models) => ({
    data: models.map((id) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: '2026-01-01T00:00:00Z',
    })),
    has_more: false,
    first_id: models[0] ?? null,
    last_id: models.at(-1) ?? null,
  }),
  headers: (requestId) => ({ 'request-id': requestId }),
}

const errorWords: Readonly<Record<number, { type: string; message: string }>> = {
  400: { type: 'invalid_request_error', message: 'The request is invalid.' },
  401: { type: 'authentication_error', message: 'invalid x-api-key' },
  402: { type: 'billing_error', message: 'Your credit balance is too low to access the API.' },
  403: {
    type: 'permission_error',
    message: 'Your API key does not have permission to use the specified resource.',
  },
  404: { type: 'not_found_error', message: 'Not found' },
  409: {
    type: 'conflict_error',
    message: 'The request conflicts with the current state of the resource.',
  },
  413: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  429: { type: 'rate_limit_error', message: 'This request would exceed your rate limit.' },
  500: { type: 'api_error', message: 'Internal server error' },
  504: { type: 'timeout_error', message: 'The request timed out.' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
}

function renderError(facts: ErrorFacts): JsonObject {
  const words = errorWords[facts.status] ?? errorWords[facts.status < 500 ? 400 : 500]
  return {
    type: 'error',
    error: {
      type: words?.type,
      message: facts.message ?? words?.message,
      ...(facts.code === undefined ? {} : { details: { error_code: facts.code } }),
    },
    request_id: facts.requestId,
  }
}
