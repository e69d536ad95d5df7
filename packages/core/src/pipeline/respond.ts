import type { OperationEndpoint } from '../api/index.ts'
import { usageOfAnswer } from '../billing/index.ts'
import { AnswerStream, type UpstreamResponse } from '../dispatch/index.ts'
import type { GatewayError } from '../errors.ts'
import type { Runtime } from '../gateway/runtime.ts'
import type { GatewayResponse } from '../http/index.ts'
import type { Exchange } from './exchange.ts'
import { answerHeaders } from './response-headers.ts'
import { settle } from './settle.ts'
import type { Outcome } from '../records/index.ts'

export function respond(
  runtime: Runtime,
  exchange: Exchange,
  answer: { endpoint: OperationEndpoint; committed: UpstreamResponse; hasLeft: boolean },
): GatewayResponse {
  const { body, observation, status, refusal } = answer.committed
  const outcome = (error?: GatewayError): Outcome => ({
    status: error?.code === 'client_closed' ? 499 : status,
    code: error?.code ?? 'ok',
    ...usageOfAnswer(answer.committed, exchange),
    finishes: observation.finishes,
  })
  const headers = {
    ...answerHeaders(exchange),
    ...answer.endpoint.errorFormat.answerHeaders?.(exchange.id),
    ...answer.committed.headers,
  }
  if (!(body instanceof AnswerStream)) {
    settle(
      runtime,
      exchange,
      answer.hasLeft
        ? { ...outcome(), status: 499, code: 'client_closed' }
        : { ...outcome(), code: refusal?.code ?? 'ok' },
    )
    return { status, headers, body }
  }
  body.onEnd(({ error }) => {
    if (body.isCut) exchange.degraded.add('output-cut')
    settle(runtime, exchange, outcome(error))
  })
  return { status, headers: { ...headers, ...STREAM_HEADERS }, body }
}

/**
 * `no-transform` keeps compressing middlewares of the host from buffering the stream to its end.
 */
const STREAM_HEADERS = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' }
