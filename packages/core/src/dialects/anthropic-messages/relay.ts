import type { CallContext, JsonObject, Relay, RelayedAnswer } from '../dialect.ts'
import { objectOf } from '../json.ts'
import { errorInAnswer, invalidAnswer } from './errors.ts'
import { finishOf } from './finish.ts'
import { relayRequest } from './relay-request.ts'
import { MessageStreamRelay } from './relay-stream.ts'
import { usageOf } from './usage.ts'

/** The Messages API on both sides: bytes pass and are looked at. */
export const relay: Relay = {
  buildRequest: (request, call) => relayRequest(request, call),
  readAnswer,
  openStream: (_request, options) => new MessageStreamRelay(options),
}

function readAnswer(body: JsonObject, bytes: Uint8Array, call: CallContext): RelayedAnswer {
  const error = errorInAnswer(body, call.provider)
  if (error !== undefined) throw error
  if (!Array.isArray(body.content)) throw invalidAnswer('sent an answer without content', call.provider)
  const finish = finishOf(body, { calledTools: true })
  return { body: bytes, usage: usageOf(objectOf(body.usage)), finishes: finish === undefined ? [] : [finish] }
}
