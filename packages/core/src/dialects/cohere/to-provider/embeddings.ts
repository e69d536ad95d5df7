import {
  type EmbeddingFormat,
  MAX_INPUTS_BY_TYPE,
  otherFields,
  readByType,
  settingsByType,
  textsOf,
} from '../../embeddings/index.ts'

/** `/v2/embed` */
export const embeddings: EmbeddingFormat = {
  maxInputs: MAX_INPUTS_BY_TYPE,
  buildRequest: (request, call) => ({
    path: '/v2/embed',
    body: { model: call.model, texts: textsOf(request, call), ...settingsByType(request) },
    dropped: otherFields(request, ['truncate']),
  }),
  readAnswer: readByType,
}
