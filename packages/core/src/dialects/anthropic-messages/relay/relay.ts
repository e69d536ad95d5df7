import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Relay, RelayedAnswer } from '../../model/relay.ts'
import { asObject } from '../../wire/json.ts'
import { MarkedRelay } from '../../translation/marked-relay.ts'
import { errorInAnswer, invalidAnswer } from '../from-provider/errors.ts'
import { mapFinishReason } from '../from-provider/finish.ts'
import { relayRequest } from './request.ts'
import { MessageStreamRelay } from './stream.ts'
import { markedContent, ProofMarker } from './proofs.ts'
import { mapUsage } from '../from-provider/usage.ts'

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
  const finish = mapFinishReason(body, { calledTools: true })
  const marked = call.issuer === undefined ? undefined : markedContent(body.content, call.issuer)
  return {
    body: marked === undefined ? bytes : JSON.stringify({ ...body, content: marked }),
    usage: mapUsage(asObject(body.usage)),
    finishes: finish === undefined ? [] : [finish],
  }
}
