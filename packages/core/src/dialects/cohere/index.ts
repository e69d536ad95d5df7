import type { Dialect } from '../model/dialect.ts'
import { commonNames } from '../tool-fit/index.ts'
import { readAnswer } from './from-provider/answer.ts'
import { embeddings } from './to-provider/embeddings.ts'
import { readError } from './from-provider/errors.ts'
import { DIALECT } from './names.ts'
import { buildRequest } from './to-provider/request.ts'
import { rerank } from './to-provider/rerank.ts'
import { ChatReader } from './from-provider/stream.ts'

/** Cohere's v2 API, on the provider's side only. */
export const cohere: Dialect = {
  name: DIALECT,
  providerSide: {
    toolRules: () => ({ names: commonNames, customTools: false }),
    buildRequest,
    readAnswer,
    openReader: (call) => new ChatReader(call),
    readError,
  },
  embeddings: () => embeddings,
  rerank: () => rerank,
}
