import {
  type EmbeddingFormat,
  MAX_INPUTS_BY_TYPE,
  otherFields,
  readByType,
  settingsByType,
  textsOf,
  vectorOf,
} from '../../embeddings/index.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { asObject } from '../../wire/json.ts'
import { tokenCount } from '../../model/usage.ts'

/** Each maker has its own format here; `undefined` for what is no embedding model we know. */
export function embeddingsOf(model: string): EmbeddingFormat | undefined {
  if (/(?:^|[./])titan-embed-/.test(model)) return titan
  return /(?:^|[./])cohere\.embed-/.test(model) ? byType : undefined
}

function pathOf(model: string): string {
  return `/model/${encodeURIComponent(model)}/invoke`
}

/** One text a call. */
const titan: EmbeddingFormat = {
  maxInputs: 1,
  buildRequest(request, call) {
    const [inputText] = textsOf(request, call)
    const dropped = otherFields(request)
    const body: Record<string, unknown> = { inputText }
    // The first version has one length and no settings.
    if (/titan-embed-text-v1|titan-embed-g1/.test(call.model)) {
      if (request.dimensions !== undefined)
        dropped.push(refuseOrDrop(call, 'dimensions', `a choice of dimensions for ${call.model}`))
    } else if (request.dimensions !== undefined) body.dimensions = request.dimensions
    if (request.inputType !== undefined) dropped.push('input_type')
    return { path: pathOf(call.model), body, dropped }
  },
  readAnswer(body) {
    const inputTokens = tokenCount(body.inputTextTokenCount)
    return {
      vectors: [vectorOf(body.embedding ?? asObject(body.embeddingsByType)?.float)],
      usage:
        inputTokens === undefined
          ? undefined
          : { inputTokens, outputTokens: 0, native: { inputTextTokenCount: inputTokens } },
    }
  },
}

const byType: EmbeddingFormat = {
  maxInputs: MAX_INPUTS_BY_TYPE,
  buildRequest: (request, call) => ({
    path: pathOf(call.model),
    body: { texts: textsOf(request, call), ...settingsByType(request) },
    dropped: otherFields(request, ['truncate']),
  }),
  readAnswer: readByType,
}
