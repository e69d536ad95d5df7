import type { Dialect } from '../model/dialect.ts'
import { commonEmbeddings } from '../embeddings/index.ts'
import { commonRerank } from '../rerank/index.ts'
import { holds, renderAnswer } from './to-client/answer.ts'
import { readAnswer } from './from-provider/answer.ts'
import { readError } from './from-provider/errors.ts'
import { buildRequest } from './to-provider/request.ts'
import { ResponsesReader } from './from-provider/stream.ts'
import { renderError } from './to-client/errors.ts'
import { DIALECT } from './names.ts'
import { relay } from './relay/relay.ts'
import { parseRequest } from './from-client/request.ts'
import { ResponsesRenderer } from './to-client/stream.ts'
import { toolRules } from './to-provider/tool-rules.ts'

/**
 * OpenAI's Responses: the dialect of its newer clients and of coding agents, and of a growing
 * number of services.
 */
export const openaiResponses: Dialect = {
  name: DIALECT,
  clientSide: {
    outputBounds: { names: ['max_output_tokens'] },
    parse: parseRequest,
    renderAnswer,
    holds,
    openRenderer: (context) => new ResponsesRenderer(context),
    renderError,
    heartbeat: ': keep-alive\n\n',
  },
  providerSide: {
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
