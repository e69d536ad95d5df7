import type { Dialect } from '../model/dialect.ts'
import { commonEmbeddings } from '../embeddings/index.ts'
import { commonRerank } from '../rerank/index.ts'
import { readAnswer } from './from-provider/answer.ts'
import { holds, renderAnswer } from './to-client/answer.ts'
import { buildRequest } from './to-provider/request.ts'
import { readError, renderError } from './to-client/errors.ts'
import { modelList } from './to-client/model-list.ts'
import { relay } from './relay/relay.ts'
import { parseRequest } from './from-client/request.ts'
import { ChunkReader } from './from-provider/stream.ts'
import { ChunkRenderer } from './to-client/stream.ts'
import { toolRules } from './to-provider/tool-rules.ts'

/**
 * OpenAI's chat completions: the dialect every client of the gateway speaks, and most providers.
 */
export const openaiChat: Dialect = {
  name: 'openai-chat',
  clientSide: {
    outputBounds: { names: ['max_completion_tokens', 'max_tokens'] },
    modelList,
    parse: ({ body, bytes }) => parseRequest(body, bytes),
    renderAnswer,
    holds,
    openRenderer: (context) => new ChunkRenderer(context),
    renderError,
    heartbeat: ': keep-alive\n\n',
  },
  providerSide: {
    toolRules,
    buildRequest,
    readAnswer,
    openReader: (call) => new ChunkReader(call),
    readError,
  },
  embeddings: () => commonEmbeddings,
  rerank: () => commonRerank,
  relay,
}
