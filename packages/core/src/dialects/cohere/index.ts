import type { Dialect } from '../dialect.ts'
import { commonNames } from '../tool-fit/index.ts'
import { readAnswer } from './answer.ts'
import { embeddings } from './embeddings.ts'
import { readError } from './errors.ts'
import { DIALECT } from './names.ts'
import { buildRequest } from './request.ts'
import { rerank } from './rerank.ts'
import { ChatReader } from './stream.ts'

/** Cohere's v2 API, as a client speaks it. */
export const cohere: Dialect = {
  name: DIALECT,
  client: {
    toolRules: () => ({ names: commonNames, customTools: false }),
    buildRequest,
    readAnswer,
    openReader: (call) => new ChatReader(call),
    readError,
  },
  embeddings: () => embeddings,
  rerank: () => rerank,
}
