import type { Dialect } from '../dialect.ts'
import { readAnswer } from './answer.ts'
import { readError } from './errors.ts'
import { DIALECT, TOOL_NAMES } from './names.ts'
import { relay } from './relay.ts'
import { buildRequest } from './request.ts'
import { holds, renderAnswer } from './server-answer.ts'
import { renderError } from './server-errors.ts'
import { modelList } from './server-models.ts'
import { parseRequest } from './server-request.ts'
import { MessageRenderer } from './server-stream.ts'
import { MessageReader } from './stream.ts'

export { readCountTokens } from './count-tokens.ts'

/** Anthropic's Messages API. */
export const anthropicMessages: Dialect = {
  name: DIALECT,
  server: {
    outputBounds: { names: ['max_tokens'] },
    modelList,
    parse: parseRequest,
    renderAnswer,
    holds,
    openRenderer: (context) => new MessageRenderer(context),
    renderError,
    heartbeat: 'event: ping\ndata: {"type": "ping"}\n\n',
    answerHeaders: (requestId) => ({ 'request-id': requestId }),
  },
  client: {
    toolRules: () => ({ names: TOOL_NAMES, customTools: true }),
    buildRequest,
    readAnswer,
    openReader: (call) => new MessageReader(call),
    limitHeaders: ['requests', 'tokens', 'input-tokens', 'output-tokens'].map(
      (what) =>
        [`anthropic-ratelimit-${what}-remaining`, `anthropic-ratelimit-${what}-reset`] as const,
    ),
    readError,
  },
  relay,
}
