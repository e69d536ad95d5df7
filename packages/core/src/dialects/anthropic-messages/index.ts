import type { Dialect } from '../model/dialect.ts'
import { readAnswer } from './from-provider/answer.ts'
import { readError } from './from-provider/errors.ts'
import { DIALECT, TOOL_NAMES } from './names.ts'
import { relay } from './relay/relay.ts'
import { buildRequest } from './to-provider/request.ts'
import { holds, renderAnswer } from './to-client/answer.ts'
import { renderError } from './to-client/errors.ts'
import { modelList } from './to-client/model-list.ts'
import { parseRequest } from './from-client/request.ts'
import { MessageRenderer } from './to-client/stream.ts'
import { MessageReader } from './from-provider/stream.ts'

export { readCountTokens } from './relay/count-tokens.ts'

/** Anthropic's Messages API. */
export const anthropicMessages: Dialect = {
  name: DIALECT,
  clientSide: {
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
  providerSide: {
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
