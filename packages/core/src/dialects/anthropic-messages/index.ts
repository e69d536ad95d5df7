import type { Dialect } from '../dialect.ts'
import { readAnswer } from './answer.ts'
import { readError } from './errors.ts'
import { DIALECT } from './names.ts'
import { buildRequest } from './request.ts'
import { MessageReader } from './stream.ts'

/** Anthropic's Messages API, as a client speaks it. */
export const anthropicMessages: Dialect = {
  name: DIALECT,
  client: {
    buildRequest,
    readAnswer,
    openReader: (call) => new MessageReader(call),
    readError,
  },
}
