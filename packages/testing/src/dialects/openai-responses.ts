import type { JsonObject } from '../json.ts'
import type { FakeDialect, Route } from './dialect.ts'
import { openaiChat } from './openai-chat.ts'
import { renderResponse, renderResponseEvents } from './openai-responses-answer.ts'
import { readResponsesRequest } from './openai-responses-request.ts'
import { validateResponsesRequest } from './validate-openai-responses.ts'

/**
 * OpenAI Responses, as the provider speaks it: keys, errors and models are those of the same
 * service's chat API.
 */
export const openaiResponses: FakeDialect = {
  ...openaiChat,
  name: 'openai-responses',
  route(method, url): Route | undefined {
    if (method === 'GET' && url.pathname === '/v1/models') return { operation: 'models' }
    return method === 'POST' && url.pathname === '/v1/responses'
      ? { operation: 'answer' }
      : undefined
  },
  // Unlike its chat API, this one answers 400.
  unknownModel: (model, requestId) => ({
    ...openaiChat.unknownModel(model, requestId),
    status: 400,
  }),
  read: readResponsesRequest,
  validate: validateResponsesRequest,
  renderAnswer: renderResponse,
  renderEvents: renderResponseEvents,
  renderErrorEvent(facts) {
    const { error } = openaiChat.renderError(facts) as { error: JsonObject }
    const failed = {
      id: 'resp_failed',
      object: 'response',
      status: 'failed',
      error: { code: error['code'], message: error['message'] },
      output: [],
    }
    return (
      `event: error\ndata: ${JSON.stringify({ type: 'error', sequence_number: 2, error })}\n\n` +
      `event: response.failed\ndata: ${JSON.stringify({ type: 'response.failed', sequence_number: 3, response: failed })}\n\n`
    )
  },
}
