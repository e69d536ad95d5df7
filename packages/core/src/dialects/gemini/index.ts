import type { Dialect } from '../model/dialect.ts'
import { commonNames } from '../tool-fit/index.ts'
import { readAnswer } from './from-provider/answer.ts'
import { embeddingsOf } from './to-provider/embeddings.ts'
import { readError } from './from-provider/errors.ts'
import { relay } from './relay/relay.ts'
import { buildRequest } from './to-provider/request.ts'
import { renderAnswer } from './to-client/answer.ts'
import { holds } from './to-client/answer-part.ts'
import { renderError } from './to-client/errors.ts'
import { modelList } from './to-client/model-list.ts'
import { parseRequest } from './from-client/request.ts'
import { ChunkRenderer } from './to-client/stream.ts'
import { AnswerReader } from './from-provider/stream.ts'
import { NATIVE_TOOLS } from './to-provider/tools.ts'

export { readNative } from './from-client/native-operations.ts'
export { generatePaths, nativePaths } from './from-client/paths.ts'

/** Gemini's generateContent API. */
export const gemini: Dialect = {
  name: 'gemini',
  clientSide: {
    outputBounds: {
      within: ['generationConfig', 'generation_config'],
      names: ['maxOutputTokens', 'max_output_tokens'],
    },
    modelList,
    parse: parseRequest,
    renderAnswer,
    holds,
    openRenderer: (context) => new ChunkRenderer(context),
    renderError,
  },
  providerSide: {
    toolRules: () => ({
      names: { ...commonNames, takesDots: true, start: 'letter or underscore' },
      customTools: false,
    }),
    storageSchemes: ['gs'],
    carriedTools: NATIVE_TOOLS,
    buildRequest,
    readAnswer,
    openReader: (call) => new AnswerReader(call),
    readError,
  },
  embeddings: embeddingsOf,
  relay,
}
