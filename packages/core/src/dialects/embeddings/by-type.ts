import type { JsonObject } from '../model/json-object.ts'
import { asList, asObject } from '../wire/json.ts'
import { tokenCount, type Usage } from '../model/usage.ts'
import type { EmbeddingsAnswer } from './format.ts'
import { inputTypeFor } from './input-type.ts'
import type { EmbeddingsRequest } from './request.ts'
import { vectorOf } from './vector.ts'

/**
 * Models that require the input type, and answer with vectors by their type; several
 * services host them.
 */
const WORDS = {
  query: 'search_query',
  document: 'search_document',
  classification: 'classification',
  clustering: 'clustering',
  similarity: 'clustering',
}

/** Their fields in addition to the texts. */
export function settingsByType({ inputType, dimensions, body }: EmbeddingsRequest): JsonObject {
  return {
    // Required, but absent from OpenAI's API: texts without a purpose are most often the documents
    // to search.
    input_type: inputTypeFor(inputType, WORDS) ?? WORDS.document,
    embedding_types: ['float'],
    ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
    // Without this, the service would silently truncate a text that is too long.
    truncate: body.truncate ?? 'NONE',
  }
}

/** Most texts in one call. */
export const MAX_INPUTS_BY_TYPE = 96

/** Vectors by their type, or those of one type alone. */
export function readByType(body: JsonObject): EmbeddingsAnswer {
  const vectors = asList(asObject(body.embeddings)?.float ?? body.embeddings)
  return { vectors: vectors.map((vector) => vectorOf(vector)), usage: mapUsage(body.meta) }
}

function mapUsage(meta: unknown): Usage | undefined {
  const billed = asObject(asObject(meta)?.billed_units)
  const tokens =
    tokenCount(asObject(asObject(meta)?.tokens)?.input_tokens) ?? tokenCount(billed?.input_tokens)
  return tokens === undefined
    ? undefined
    : {
        inputTokens: tokens + (tokenCount(billed?.image_tokens) ?? 0),
        outputTokens: 0,
        native: meta,
      }
}
