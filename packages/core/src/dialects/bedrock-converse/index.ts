import type { Dialect } from '../dialect.ts'
import { readAnswer } from './answer.ts'
import { readError } from './errors.ts'
import { EVENT_STREAM, EventStreamSplitter } from './event-stream.ts'
import { DIALECT, TOOL_NAMES } from './names.ts'
import { embeddingsOf } from './embeddings.ts'
import { rerankOf } from './rerank.ts'
import { buildRequest } from './request.ts'
import { ConverseReader } from './stream.ts'

/** Amazon Bedrock's Converse API, as a client speaks it. */
export const bedrockConverse: Dialect = {
  name: DIALECT,
  client: {
    toolRules: () => ({ names: TOOL_NAMES, customTools: true }),
    storageSchemes: ['s3'],
    buildRequest,
    readAnswer,
    openReader: (call) => new ConverseReader(call),
    openSplitter: (maxEventBytes) => new EventStreamSplitter(maxEventBytes),
    streamType: EVENT_STREAM,
    readError,
  },
  embeddings: embeddingsOf,
  rerank: rerankOf,
}
