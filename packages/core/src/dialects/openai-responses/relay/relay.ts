import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Relay, RelayedAnswer } from '../../model/relay.ts'
import { asObject, asObjects } from '../../wire/json.ts'
import { errorInAnswer, mapFailure, invalidAnswer } from '../from-provider/errors.ts'
import { mapFinishReason } from '../from-provider/finish.ts'
import { mapUsage } from '../from-provider/usage.ts'
import { MarkedRelay } from '../../translation/marked-relay.ts'
import { markedOutput, ProofMarker } from './proofs.ts'
import { relayRequest } from './request.ts'
import { ResponsesStreamRelay } from './stream.ts'
import { hasUnfitTools } from '../to-provider/tool-rules.ts'

/** Responses on both sides: bytes pass and are looked at. */
export const relay: Relay = {
  needsTranslation: hasUnfitTools,
  buildRequest: relayRequest,
  readAnswer,
  openStream(_request, options) {
    const stream = new ResponsesStreamRelay(options)
    return options.call.issuer === undefined
      ? stream
      : new MarkedRelay(stream, new ProofMarker(options.call.issuer))
  },
}

function readAnswer(body: JsonObject, bytes: Uint8Array, call: CallContext): RelayedAnswer {
  // A background response is not finished yet, and the client knows.
  const isRunning =
    body.background === true && (body.status === 'queued' || body.status === 'in_progress')
  const failure = isRunning ? errorInAnswer(body, call.provider) : mapFailure(body, call.provider)
  if (failure !== undefined) throw failure
  if (!Array.isArray(body.output))
    throw invalidAnswer('sent an answer without output', call.provider)
  const calledTools = asObjects(body.output).some(
    ({ type }) => type === 'function_call' || type === 'custom_tool_call',
  )
  const output = call.issuer === undefined ? undefined : markedOutput(body.output, call.issuer)
  return {
    body: output === undefined ? bytes : JSON.stringify({ ...body, output }),
    usage: mapUsage(asObject(body.usage)),
    finishes: isRunning ? [] : [mapFinishReason(body, { calledTools })],
  }
}
