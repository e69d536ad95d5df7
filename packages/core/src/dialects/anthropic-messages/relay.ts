import type { CallContext, JsonObject, Relay, RelayedAnswer } from '../dialect.ts'
import { objectOf } from '../json.ts'
import { MarkedRelay } from '../marked-relay.ts'
import { errorInAnswer, invalidAnswer } from './errors.ts'
import { finishOf } from './finish.ts'
import { relayRequest } from './relay-request.ts'
import { MessageStreamRelay } from './relay-stream.ts'
import { markedContent, ProofMarker } from './relay-proofs.ts'
import { usageOf } from './usage.ts'

/** The Messages API on both sides: bytes pass and are looked at. */
export const relay: Relay = {
  buildRequest: (request, call) => relayRequest(request, call),
  readAnswer,
  openStream(_request, options) {
    const stream = new MessageStreamRelay(options)
    return options.call.issuer === undefined
      ? stream
      : new MarkedRelay(stream, new ProofMarker(options.call.issuer))
  },
}

function readAnswer(body: JsonObject, bytes: Uint8Array, call: CallContext): RelayedAnswer {
  const error = errorInAnswer(body, call.provider)
  if (error !== undefined) throw error
  if (!Array.isArray(body.content))
    throw invalidAnswer('sent an answer without content', call.provider)
  const finish = finishOf(body, { calledTools: true })
  const marked = call.issuer === undefined ? undefined : markedContent(body.content, call.issuer)
  return {
    body: marked === undefined ? bytes : JSON.stringify({ ...body, content: marked }),
    usage: usageOf(objectOf(body.usage)),
    finishes: finish === undefined ? [] : [finish],
  }
}
