import { GatewayError } from '../../../errors.ts'
import type { CallContext } from '../../model/call.ts'
import type { ClientRequest } from '../../model/request.ts'
import type { Dialect } from '../../model/dialect.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { invalid } from '../../model/invalid.ts'
import { isObject } from '../../wire/json.ts'
import type { Operation } from '../../model/operation.ts'
import type { Translation } from '../../translation/translation.ts'
import { errorInAnswer } from '../from-provider/errors.ts'
import { modelPath } from './model-path.ts'
import { relayedQuery } from '../relay/query.ts'
import { nativeActions, versionOf } from './paths.ts'
import { ORIGIN } from '../to-provider/tool-history.ts'
import { readUsage } from '../from-provider/usage.ts'

/**
 * `countTokens`, `embedContent` and `batchEmbedContents`: forwarded to targets that speak this
 * dialect, refused for every other one. The path's values are those of `nativePaths`. Throws
 * `invalid_request` without a model.
 */
export function readNative(request: ClientRequest): Operation {
  const { model } = request.params
  if (model === undefined || model === '')
    throw invalid('model', 'the id of a model in the path', model)
  return {
    model,
    stream: false,
    json: () => request,
    ...(actionOf(request.params) === 'countTokens' && { isFree: true }),
    translationFor(target) {
      const dialect = target.dialects.find(({ name }) => name === ORIGIN)
      if (dialect === undefined) throw notServed(request, target.provider.name)
      return forward(request, { provider: target.provider.name, model: target.model }, dialect)
    },
  }
}

function notServed({ params }: ClientRequest, provider: string): GatewayError {
  return new GatewayError(
    'unsupported_content',
    `${provider} has no ${actionOf(params)} for this model.`,
    { param: 'model', provider },
  )
}

function actionOf({ action }: ClientRequest['params']): string {
  return nativeActions.find((served) => served === action) ?? 'countTokens'
}

function forward(
  request: ClientRequest,
  { provider, model }: Pick<CallContext, 'provider' | 'model'>,
  { providerSide }: Dialect,
): Translation {
  return {
    answer: 'json',
    accept: 'application/json',
    contentType: 'application/json',
    buildRequest() {
      const dropped: string[] = []
      const path =
        modelPath({ model, action: actionOf(request.params), version: versionOf(request.params) }) +
        relayedQuery(request.query, { stream: false, dropped })
      return {
        path,
        body: withModel(request.body, model) ?? request.bytes ?? request.body,
        dropped,
      }
    },
    readAnswer(body, bytes) {
      if (isObject(body['error'])) throw errorInAnswer(body['error'], provider)
      return { body: bytes, usage: readUsage(body['usageMetadata']), finishes: [] }
    },
    openStream() {
      throw new TypeError(`${actionOf(request.params)} does not stream.`)
    },
    readError: (response) => providerSide.readError(response),
  }
}

/**
 * These requests repeat the model, alone or in each of a batch; `undefined` when this one does not.
 */
function withModel(body: JsonObject, model: string): JsonObject | undefined {
  const name = /^(models|tunedModels)\//.test(model) ? model : `models/${model}`
  const { requests, generateContentRequest: counted } = body
  const changes: JsonObject = {}
  if (body['model'] !== undefined) changes['model'] = name
  if (isObject(counted)) changes['generateContentRequest'] = { ...counted, model: name }
  if (Array.isArray(requests))
    changes['requests'] = requests.map((item: unknown) =>
      isObject(item) ? { ...item, model: name } : item,
    )
  return Object.keys(changes).length === 0 ? undefined : { ...body, ...changes }
}
