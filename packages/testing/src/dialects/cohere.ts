import { renderCohereChat, renderCohereChatEvents } from './cohere-answer.ts'
import { readCohereRequest } from './cohere-request.ts'
import type { ErrorFacts, FakeDialect, Route } from './dialect.ts'
import { validateCohereRequest } from './validate-cohere.ts'

/** Cohere's v2 chat, as the service speaks it. */
export const cohere: FakeDialect = {
  name: 'cohere',
  basePath: '',
  jsonType: 'application/json',
  streamType: 'text/event-stream',
  streamErrorStatus: 500,
  route(method, url): Route | undefined {
    if (method === 'GET' && url.pathname === '/v1/models') return { operation: 'models' }
    return method === 'POST' && url.pathname === '/v2/chat' ? { operation: 'answer' } : undefined
  },
  keyOf: ({ authorization = '' }) => /^Bearer\s+(\S.*)$/i.exec(authorization)?.[1],
  keyError: (presented, requestId) => ({
    status: 401,
    message: presented === undefined ? 'no api key supplied' : 'invalid api token',
    requestId,
  }),
  unknownModel: (model, requestId) => ({
    status: 404,
    message: `model '${model}' not found, make sure the correct model ID was used and that you have access to the model.`,
    requestId,
  }),
  read: readCohereRequest,
  validate: validateCohereRequest,
  renderAnswer: renderCohereChat,
  renderEvents: renderCohereChatEvents,
  renderError: (facts) => ({ id: facts.requestId, message: messageOf(facts) }),
  // A stream that fails ends like one that is whole; only the reason differs.
  renderErrorEvent: (facts) =>
    `event: message-end\ndata: ${JSON.stringify({ type: 'message-end', delta: { error: messageOf(facts), finish_reason: 'ERROR' } })}\n\n`,
  renderModels: (models) => ({ models: models.map((name) => ({ name, endpoints: ['chat'] })) }),
  headers: (requestId) => ({ 'x-debug-trace-id': requestId }),
}

const messages: Readonly<Record<number, string>> = {
  400: 'invalid request',
  401: 'invalid api token',
  404: 'not found',
  429: 'You are past the per minute request limit, please wait and try again later.',
  500: 'internal server error, this has been reported to our developers.',
  503: 'service unavailable',
}

function messageOf(facts: ErrorFacts): string {
  return facts.message ?? messages[facts.status] ?? messages[facts.status < 500 ? 400 : 500] ?? ''
}
