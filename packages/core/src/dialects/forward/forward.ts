import { GatewayError } from '../../errors.ts'
import type { BuiltRequest } from '../model/call.ts'
import type { Dialect } from '../model/dialect.ts'
import { MeteredRelay } from '../translation/metered-relay.ts'
import type { OperationContext, OperationTarget } from '../model/operation.ts'
import { SseFrameSplitter } from '../wire/sse.ts'
import type { Translation } from '../translation/translation.ts'
import { readAnswer } from './answer.ts'
import { ByteRelay } from './byte-relay.ts'
import { EventRelay } from './event-relay.ts'

/** A request that a provider of the same API gets nearly unchanged. */
export interface Forwarding {
  /** The API both sides speak. */
  readonly api: Dialect
  readonly answer: Translation['answer']
  /** Path below the provider's base URL, for messages. */
  readonly path: string
  /** Streams of this endpoint end with `[DONE]`. */
  readonly endsWithDone?: boolean
  buildRequest(model: string): BuiltRequest
}

const ACCEPT: Readonly<Record<Translation['answer'], string>> = {
  json: 'application/json',
  events: 'text/event-stream',
  bytes: '*/*',
  any: '*/*',
}

/**
 * Builds the call for a target. Throws `unsupported_content` for one that does not speak the API,
 * so that the next one is tried.
 */
export function forward(
  forwarding: Forwarding,
  target: OperationTarget,
  context: OperationContext,
): Translation {
  const { api, answer, path } = forwarding
  const { provider, model } = target
  const from = { api, provider: provider.name, model }
  return {
    answer,
    accept: ACCEPT[answer],
    buildRequest() {
      if (!target.dialects.includes(api))
        throw new GatewayError('unsupported_content', `${provider.name} serves no ${path}.`, {
          provider: provider.name,
          param: 'model',
        })
      return forwarding.buildRequest(model)
    },
    readAnswer: (body, bytes) => readAnswer(body, bytes, from),
    openStream(contentType = '') {
      if (answer !== 'events' && !(answer === 'any' && contentType.startsWith('text/event-stream')))
        return new ByteRelay()
      const { requestId, maxEventBytes } = context
      const relay = new EventRelay({
        ...from,
        requestId,
        maxEventBytes,
        endsWithDone: forwarding.endsWithDone === true,
      })
      return context.isMetered === true
        ? new MeteredRelay(relay, new SseFrameSplitter(maxEventBytes))
        : relay
    },
    readError: (response) => api.providerSide.readError(response),
  }
}
