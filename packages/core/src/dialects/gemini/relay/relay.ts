import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Relay, RelayedAnswer } from '../../model/relay.ts'
import { AnswerObserver } from '../from-provider/answer-observer.ts'
import { MarkedRelay } from '../../translation/marked-relay.ts'
import { markedCandidates, ProofMarker, providerOf } from './proofs.ts'
import { relayRequest } from './request.ts'
import { GenerateStreamRelay } from './stream.ts'
import { readUsage } from '../from-provider/usage.ts'

/** generateContent on both sides: the provider's bytes pass as they are. */
export const relay: Relay = {
  buildRequest: relayRequest,
  readAnswer,
  openStream(request, options) {
    const stream = new GenerateStreamRelay(request, options)
    const issuer = providerOf(options.call.issuer)
    // A stream that is one JSON array is passed as it is: its proofs are then another's, and taken
    // out of the history.
    return issuer === undefined || request.streamType !== undefined
      ? stream
      : new MarkedRelay(stream, new ProofMarker(issuer))
  },
}

function readAnswer(body: JsonObject, bytes: Uint8Array, call: CallContext): RelayedAnswer {
  const observer = new AnswerObserver(call.provider)
  const error = observer.observe(body)
  if (error !== undefined) throw error
  observer.finishWhole(body)
  const issuer = providerOf(call.issuer)
  const candidates = issuer === undefined ? undefined : markedCandidates(body['candidates'], issuer)
  return {
    body: candidates === undefined ? bytes : JSON.stringify({ ...body, candidates }),
    usage: readUsage(body['usageMetadata']),
    finishes: observer.finishes,
  }
}
