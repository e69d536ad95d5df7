import type { CallContext, JsonObject, Relay, RelayedAnswer } from '../dialect.ts'
import { AnswerObserver } from './answer-observer.ts'
import { relayRequest } from './relay-request.ts'
import { GenerateStreamRelay } from './relay-stream.ts'
import { readUsage } from './usage.ts'

/** generateContent on both sides: the provider's bytes pass as they are. */
export const relay: Relay = {
  buildRequest: relayRequest,
  readAnswer,
  openStream: (request, options) => new GenerateStreamRelay(request, options),
}

function readAnswer(body: JsonObject, bytes: Uint8Array, call: CallContext): RelayedAnswer {
  const observer = new AnswerObserver(call.provider)
  const error = observer.observe(body)
  if (error !== undefined) throw error
  observer.finishWhole(body)
  return { body: bytes, usage: readUsage(body['usageMetadata']), finishes: observer.finishes }
}
