import type { Dialect } from '../dialect.ts'
import { commonEmbeddings } from '../embeddings/index.ts'
import { commonRerank } from '../rerank/index.ts'
import { readAnswer } from './answer-in.ts'
import { holds, renderAnswer } from './answer-out.ts'
import { buildRequest } from './conversation-out.ts'
import { readError, renderError } from './errors.ts'
import { modelList } from './models-out.ts'
import { relay } from './relay.ts'
import { parseRequest } from './request.ts'
import { ChunkReader } from './stream-in.ts'
import { ChunkRenderer } from './stream-out.ts'
import { toolRules } from './tool-rules.ts'

/**
 * OpenAI's chat completions: the dialect every client of the gateway speaks, and most providers.
 */
export const openaiChat: Dialect = {
  name: 'openai-chat',
  server: {
    outputBounds: { names: ['max_completion_tokens', 'max_tokens'] },
    modelList,
    parse: ({ body, bytes }) => parseRequest(body, bytes),
    renderAnswer,
    holds,
    openRenderer: (context) => new ChunkRenderer(context),
    renderError,
    heartbeat: ': keep-alive\n\n',
  },
  client: {
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
