import type { EmbeddingQuirks } from '../model/quirks.ts'
import type { JsonObject } from '../model/json-object.ts'
import { errorIn } from '../wire/error-in.ts'
import { asObjects } from '../wire/json.ts'
import { nativeUsageOf, readUsage } from '../wire/usage-fields.ts'
import type { EmbeddingFormat, EmbeddingsCall } from './format.ts'
import { inputTypeFor } from './input-type.ts'
import type { EmbeddingsRequest } from './request.ts'
import { vectorOf } from './vector.ts'

/**
 * `/embeddings` of OpenAI's API and of those modelled on it, which differ in the names of a few
 * fields.
 */
export const commonEmbeddings: EmbeddingFormat = {
  buildRequest(request, call) {
    const body = bodyFor(request, call)
    return {
      path: '/embeddings',
      body: body ?? request.bytes ?? request.body,
      dropped: droppedBy(call, request.body),
    }
  },
  readAnswer(body, call) {
    const error =
      body.error === undefined || body.error === null
        ? undefined
        : errorIn({ data: JSON.stringify(body) }, body, call)
    if (error !== undefined) throw error
    const native = nativeUsageOf(body)
    return {
      vectors: inOrder(asObjects(body.data)).map(({ embedding }) => vectorOf(embedding)),
      usage: native && readUsage(native),
      native: body,
    }
  },
}

/** By `index` where every item has its own; as they came where a server leaves it out. */
function inOrder(items: readonly JsonObject[]): readonly JsonObject[] {
  const ordered: JsonObject[] = []
  for (const item of items) {
    const { index } = item
    if (
      typeof index !== 'number' ||
      !Number.isInteger(index) ||
      index < 0 ||
      index >= items.length ||
      ordered[index] !== undefined
    )
      return items
    ordered[index] = item
  }
  return ordered
}

/** `undefined` when the request needs no change. */
function bodyFor(
  request: EmbeddingsRequest,
  { model, quirks }: EmbeddingsCall,
): JsonObject | undefined {
  const { embeddings, dropFields = [] } = quirks
  if (
    request.model === model &&
    embeddings === undefined &&
    !dropFields.some((field) => field in request.body)
  )
    return undefined
  const body: JsonObject = { ...request.body, model }
  for (const field of dropFields) delete body[field]
  return embeddings === undefined ? body : renamed(body, request, embeddings)
}

function droppedBy({ quirks: { dropFields = [] } }: EmbeddingsCall, body: JsonObject): string[] {
  return dropFields.filter((field) => body[field] !== undefined)
}

/** The request with the service's own field names. */
function renamed(
  body: JsonObject,
  { dimensions, encoding, inputType, body: asked }: EmbeddingsRequest,
  names: EmbeddingQuirks,
): JsonObject {
  const { dimensions: _, encoding_format: __, input_type: ___, ...rest } = body
  const result: JsonObject = { ...names.fixed, ...rest }
  if (dimensions !== undefined) result[names.dimensionsField ?? 'dimensions'] = dimensions
  if (asked.encoding_format !== undefined && asked.encoding_format !== null) {
    const word = names.encodings === undefined ? encoding : names.encodings[encoding]
    if (word !== undefined) result[names.encodingField ?? 'encoding_format'] = word
  }
  const type = inputTypeFor(inputType, names.inputTypes ?? {})
  if (type !== undefined) result[names.inputTypeField ?? 'input_type'] = type
  return result
}
