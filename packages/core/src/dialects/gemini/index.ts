import type { Dialect } from '../dialect.ts'
import { commonNames } from '../tool-fit/index.ts'
import { readAnswer } from './answer.ts'
import { embeddingsOf } from './embeddings.ts'
import { readError } from './errors.ts'
import { relay } from './relay.ts'
import { buildRequest } from './request.ts'
import { renderAnswer } from './server-answer.ts'
import { holds } from './server-answer-part.ts'
import { renderError } from './server-errors.ts'
import { modelList } from './server-models.ts'
import { parseRequest } from './server-request.ts'
import { ChunkRenderer } from './server-stream.ts'
import { AnswerReader } from './stream.ts'
import { NATIVE_TOOLS } from './tools.ts'

export { readNative } from './native-operations.ts'
export { generatePaths, nativePaths } from './server-paths.ts'

/** Gemini's generateContent API. */
export const gemini: Dialect = {
  name: 'gemini',
  server: {
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
  client: {
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
