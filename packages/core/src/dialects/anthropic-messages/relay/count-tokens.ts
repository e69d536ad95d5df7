import { GatewayError } from '../../../errors.ts'
import type { ClientRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { estimateInputTokens } from '../../tokens/estimate-tokens.ts'
import type { Operation, OperationContext, OperationTarget } from '../../model/operation.ts'
import type { Translation } from '../../translation/translation.ts'
import { errorInAnswer, invalidAnswer, readError } from '../from-provider/errors.ts'
import { DIALECT } from '../names.ts'
import { relayRequest } from './request.ts'
import { type MessagesRequest, parseCountRequest } from '../from-client/request.ts'

const PATH = '/v1/messages/count_tokens'

/** A request that asks how many tokens a conversation has. */
export interface CountOperation extends Operation {
  /**
   * The answer for a target that cannot be asked: an estimate, as no other API counts in this
   * dialect's tokens. `undefined` for one that can. Throws `invalid_request` when the conversation
   * cannot be read.
   */
  answerLocally(target: OperationTarget): JsonObject | undefined
}

/** `POST /v1/messages/count_tokens`. Throws `invalid_request` with `param`. */
export function readCountTokens(request: ClientRequest): CountOperation {
  const parsed = parseCountRequest(request)
  let estimate: JsonObject | undefined
  return {
    model: parsed.model,
    stream: false,
    isFree: true,
    translationFor: (target, context) => countingAt(target, context, parsed),
    answerLocally(target) {
      if (canCount(target)) return undefined
      estimate ??= { input_tokens: estimateInputTokens(parsed.conversation()) }
      return estimate
    },
  }
}

function canCount({ dialects }: OperationTarget): boolean {
  return dialects.some(({ name }) => name === DIALECT)
}

function countingAt(
  target: OperationTarget,
  context: OperationContext,
  request: MessagesRequest,
): Translation {
  const { provider, model } = target
  return {
    answer: 'json',
    accept: 'application/json',
    contentType: 'application/json',
    buildRequest() {
      if (!canCount(target))
        throw new GatewayError('unsupported_content', `${provider.name} does not count tokens.`, {
          provider: provider.name,
          param: 'model',
        })
      return relayRequest(
        request,
        {
          provider: provider.name,
          issuer: provider.issuer,
          model,
          stream: false,
          quirks: provider.quirks,
          newId: context.newId,
        },
        PATH,
      )
    },
    readAnswer(body, bytes) {
      const error = errorInAnswer(body, provider.name)
      if (error !== undefined) throw error
      if (typeof body.input_tokens !== 'number')
        throw invalidAnswer('sent no number of tokens', provider.name)
      // Counting costs nothing: a usage would put it on the bill.
      return { body: bytes, usage: undefined, finishes: [] }
    },
    openStream() {
      throw new TypeError('A number of tokens is no stream.')
    },
    readError: (response) => readError(response),
  }
}
