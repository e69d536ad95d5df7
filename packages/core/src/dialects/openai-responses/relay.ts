import type { CallContext, JsonObject, Relay, RelayedAnswer } from '../dialect.ts'
import { objectOf, objectsOf } from '../json.ts'
import { errorInAnswer, failureOf, invalidAnswer } from './client-errors.ts'
import { finishOf } from './client-finish.ts'
import { usageOf } from './client-usage.ts'
import { MarkedRelay } from '../marked-relay.ts'
import { markedOutput, ProofMarker } from './relay-proofs.ts'
import { relayRequest } from './relay-request.ts'
import { ResponsesStreamRelay } from './relay-stream.ts'
import { hasUnfitTools } from './tool-rules.ts'

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
  // What was asked for in the background is not finished yet, and the client knows.
  const isRunning =
    body.background === true && (body.status === 'queued' || body.status === 'in_progress')
  const failure = isRunning ? errorInAnswer(body, call.provider) : failureOf(body, call.provider)
  if (failure !== undefined) throw failure
  if (!Array.isArray(body.output))
    throw invalidAnswer('sent an answer without output', call.provider)
  const calledTools = objectsOf(body.output).some(
    ({ type }) => type === 'function_call' || type === 'custom_tool_call',
  )
  const output = call.issuer === undefined ? undefined : markedOutput(body.output, call.issuer)
  return {
    body: output === undefined ? bytes : JSON.stringify({ ...body, output }),
    usage: usageOf(objectOf(body.usage)),
    finishes: isRunning ? [] : [finishOf(body, { calledTools })],
  }
}
