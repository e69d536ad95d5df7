import type { Dialect } from '../model/dialect.ts'
import { readAnswer } from './from-provider/answer.ts'
import { readError } from './from-provider/errors.ts'
import { EVENT_STREAM, EventStreamSplitter } from './from-provider/event-stream.ts'
import { DIALECT, TOOL_NAMES } from './names.ts'
import { embeddingsOf } from './to-provider/embeddings.ts'
import { rerankOf } from './to-provider/rerank.ts'
import { buildRequest } from './to-provider/request.ts'
import { ConverseReader } from './from-provider/stream.ts'

/** Amazon Bedrock's Converse API, on the provider's side only. */
export const bedrockConverse: Dialect = {
  name: DIALECT,
  providerSide: {
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
