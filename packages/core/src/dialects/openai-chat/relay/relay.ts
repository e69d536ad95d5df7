import { GatewayError } from '../../../errors.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Relay, RelayedAnswer } from '../../model/relay.ts'
import type { Finish } from '../../model/finish.ts'
import { errorOf, mapFinishReason, mapUsage } from '../from-provider/chunk-rules.ts'
import { isObject, asObject } from '../../wire/json.ts'
import { relayRequest } from './request.ts'
import { repairAnswer, repairMissingMessage } from './repair.ts'
import { ChatStreamRelay } from './stream.ts'
import { hasUnfitTools } from '../to-provider/tool-rules.ts'

/** OpenAI chat on both sides: bytes pass, and only what deviates is rewritten. */
export const relay: Relay = {
  needsTranslation: hasUnfitTools,
  buildRequest: relayRequest,
  readAnswer,
  openStream: (request, options) => new ChatStreamRelay(request, options),
}

function readAnswer(body: JsonObject, bytes: Uint8Array, call: CallContext): RelayedAnswer {
  const error = errorOf(body, call.provider)
  if (error !== undefined) throw error
  if (!Array.isArray(body.choices) || body.choices.length === 0) {
    throw new GatewayError(
      'upstream_invalid',
      `${call.provider} sent an answer without a single choice.`,
    )
  }
  const repaired =
    call.quirks.exact === true ? repairMissing(body.choices) : repairAnswer(body, call)
  return {
    body: repaired ? JSON.stringify(body) : bytes,
    usage: mapUsage(body),
    finishes: finishesOf(body.choices),
  }
}

/** The original API too leaves the message out of a choice that its filter emptied. */
function repairMissing(choices: readonly unknown[]): boolean {
  let changed = false
  for (const choice of choices) if (isObject(choice) && repairMissingMessage(choice)) changed = true
  return changed
}

function finishesOf(choices: readonly unknown[]): Finish[] {
  const finishes: Finish[] = []
  for (const choice of choices) {
    const finish = mapFinishReason(asObject(choice)?.finish_reason)
    if (finish !== undefined) finishes.push(finish)
  }
  return finishes
}
