import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import {
  type EmbeddingFormat,
  type EmbeddingsAnswer,
  inputTypeFor,
  otherFields,
  textsOf,
  vectorOf,
} from '../../embeddings/index.ts'
import { asObject, asObjects } from '../../wire/json.ts'
import { tokenCount } from '../../model/usage.ts'

const WORDS = {
  query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
  similarity: 'SEMANTIC_SIMILARITY',
}

/** `batchEmbedContents` */
const batch: EmbeddingFormat = {
  maxInputs: 100,
  buildRequest(request, call) {
    const id = call.model.replace(/^models\//, '')
    const taskType = inputTypeFor(request.inputType, WORDS)
    const settings = {
      ...(taskType === undefined ? {} : { taskType }),
      ...(request.dimensions === undefined ? {} : { outputDimensionality: request.dimensions }),
    }
    const requests = textsOf(request, call).map((text) => ({
      model: `models/${id}`,
      content: { parts: [{ text }] },
      ...settings,
    }))
    return {
      path: pathOf(id, 'batchEmbedContents'),
      body: { requests },
      dropped: otherFields(request),
    }
  },
  readAnswer(body) {
    const usage = asObject(body.usageMetadata)
    const inputTokens = tokenCount(usage?.promptTokenCount)
    return {
      vectors: asObjects(body.embeddings).map(({ values }) => vectorOf(values)),
      usage:
        inputTokens === undefined ? undefined : { inputTokens, outputTokens: 0, native: usage },
    }
  },
}

function pathOf(model: string, action: string): string {
  return `/v1beta/models/${encodeURIComponent(model)}:${action}`
}

const prediction: EmbeddingFormat = {
  maxInputs: 250,
  buildRequest(request, call) {
    const taskType = inputTypeFor(request.inputType, WORDS)
    const instances = textsOf(request, call).map((content) => ({
      content,
      ...(taskType === undefined ? {} : { task_type: taskType }),
    }))
    const parameters = {
      // As everywhere: a text that is too long is an error, not a shorter one.
      autoTruncate: false,
      ...(request.dimensions === undefined ? {} : { outputDimensionality: request.dimensions }),
    }
    return {
      path: pathOf(call.model, 'predict'),
      body: { instances, parameters },
      dropped: otherFields(request),
    }
  },
  readAnswer: readPredictions,
}

function readPredictions(body: JsonObject): EmbeddingsAnswer {
  const embeddings = asObjects(body.predictions).map((item) => asObject(item.embeddings))
  const counts = embeddings.map((embedding) =>
    tokenCount(asObject(embedding?.statistics)?.token_count),
  )
  const isCounted = counts.every((count) => count !== undefined)
  return {
    vectors: embeddings.map((embedding) => vectorOf(embedding?.values)),
    usage:
      isCounted && counts.length > 0
        ? {
            inputTokens: counts.reduce((sum, count) => sum + count, 0),
            outputTokens: 0,
            native: body.metadata,
          }
        : undefined,
  }
}

/**
 * Google's own API has batches, its cloud predictions: there, its newer models take one text a
 * call.
 */
export function embeddingsOf(model: string, { predictsEmbeddings }: Quirks): EmbeddingFormat {
  if (predictsEmbeddings !== true) return batch
  return /(?:^|\/)gemini-/.test(model) ? { ...prediction, maxInputs: 1 } : prediction
}
