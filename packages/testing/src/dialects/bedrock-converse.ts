import { encodeEvent, encodeException } from '../event-stream.ts'
import type { JsonObject } from '../json.ts'
import { renderConverse, renderConverseEvents } from './bedrock-converse-answer.ts'
import { readConverseRequest } from './bedrock-converse-request.ts'
import type { ErrorFacts, FakeDialect, Route } from './dialect.ts'
import { validateConverseRequest } from './validate-bedrock-converse.ts'

const ANSWER_PATH = /^\/model\/([^/]+)\/(converse|converse-stream)$/

/**
 * Amazon Bedrock's Converse API, as the service speaks it. A bearer key or the access key id of a
 * signature is the key.
 */
export const bedrockConverse: FakeDialect = {
  name: 'bedrock-converse',
  basePath: '',
  jsonType: 'application/json',
  streamType: 'application/vnd.amazon.eventstream',
  streamErrorStatus: 503,
  route(method, url): Route | undefined {
    const match = method === 'POST' ? ANSWER_PATH.exec(url.pathname) : null
    if (match === null) return undefined
    return {
      operation: 'answer',
      model: decodeURIComponent(match[1] ?? ''),
      transport: match[2] === 'converse' ? 'json' : 'events',
    }
  },
  keyOf: ({ authorization = '' }) =>
    /^Bearer\s+(\S.*)$/i.exec(authorization)?.[1] ??
    /Credential=([^/]+)\//.exec(authorization)?.[1],
  keyError: (presented, requestId) => ({
    status: 403,
    message:
      presented === undefined
        ? 'Missing Authentication Token'
        : 'The security token included in the request is invalid.',
    requestId,
  }),
  unknownModel: (_model, requestId) => ({
    status: 400,
    message: 'The provided model identifier is invalid.',
    requestId,
  }),
  read: (body, route) => {
    const { model = '', transport } = route.operation === 'answer' ? route : {}
    return readConverseRequest(body, { model, stream: transport === 'events' })
  },
  validate: validateConverseRequest,
  renderAnswer: renderConverse,
  renderEvents: renderConverseEvents,
  renderError: (facts) => ({ message: facts.message ?? errorType(facts).message }),
  renderErrorEvent: (facts) =>
    `event: ${exceptionName(facts)}\ndata: ${JSON.stringify({ message: facts.message ?? errorType(facts).message })}\n\n`,
  encodeEvent: encodeRendered,
  errorHeaders: (facts) => ({ 'x-amzn-errortype': errorType(facts).name }),
  renderModels: (models): JsonObject => ({
    modelSummaries: models.map((modelId) => ({ modelId })),
  }),
  headers: (requestId) => ({ 'x-amzn-requestid': requestId }),
}

const errorTypes: Readonly<Record<number, { name: string; message: string }>> = {
  400: { name: 'ValidationException', message: 'The request is invalid.' },
  403: {
    name: 'AccessDeniedException',
    message: "You don't have access to the model with the specified model ID.",
  },
  404: {
    name: 'ResourceNotFoundException',
    message: 'Could not resolve the foundation model from the provided model identifier.',
  },
  408: { name: 'ModelTimeoutException', message: 'Model has timed out in processing the request.' },
  424: { name: 'ModelErrorException', message: 'The model returned an error.' },
  429: {
    name: 'ThrottlingException',
    message: 'Too many requests, please wait before trying again.',
  },
  500: {
    name: 'InternalServerException',
    message: 'The system encountered an unexpected error during processing.',
  },
  503: {
    name: 'ServiceUnavailableException',
    message: 'Bedrock is unable to process your request.',
  },
}

function errorType(facts: ErrorFacts): { name: string; message: string } {
  return (
    errorTypes[facts.status] ??
    errorTypes[facts.status < 500 ? 400 : 500] ?? { name: 'InternalServerException', message: '' }
  )
}

function exceptionName(facts: ErrorFacts): string {
  const { name } = errorType(facts)
  return name.charAt(0).toLowerCase() + name.slice(1)
}

/** The binary frame of an event that was rendered as text. */
function encodeRendered(text: string): Uint8Array {
  const type = /^event: (.*)$/m.exec(text)?.[1] ?? ''
  const payload = /^data: (.*)$/m.exec(text)?.[1] ?? ''
  return type.endsWith('Exception') ? encodeException(type, payload) : encodeEvent(type, payload)
}
