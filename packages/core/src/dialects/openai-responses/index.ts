import type { Dialect } from '../dialect.ts'
import { commonEmbeddings } from '../embeddings/index.ts'
import { commonRerank } from '../rerank/index.ts'
import { holds, renderAnswer } from './answer-out.ts'
import { readAnswer } from './client-answer.ts'
import { readError } from './client-errors.ts'
import { buildRequest } from './client-request.ts'
import { ResponsesReader } from './client-stream.ts'
import { renderError } from './errors.ts'
import { DIALECT } from './names.ts'
import { relay } from './relay.ts'
import { parseRequest } from './request.ts'
import { ResponsesRenderer } from './stream-out.ts'
import { toolRules } from './tool-rules.ts'

/**
 * OpenAI's Responses: the dialect of its newer clients and of coding agents, and of a growing
 * number of services.
 */
export const openaiResponses: Dialect = {
  name: DIALECT,
  server: {
    outputBounds: { names: ['max_output_tokens'] },
    parse: parseRequest,
    renderAnswer,
    holds,
    openRenderer: (context) => new ResponsesRenderer(context),
    renderError,
    heartbeat: ': keep-alive\n\n',
  },
  client: {
    toolRules: () => toolRules,
    proofsAreOfAccount: true,
    buildRequest,
    readAnswer,
    openReader: (call) => new ResponsesReader(call),
    readError,
  },
  embeddings: () => commonEmbeddings,
  rerank: () => commonRerank,
  relay,
}
