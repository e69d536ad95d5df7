import type { Dialect } from '../dialect.ts'
import { readAnswer } from './answer.ts'
import { readError } from './errors.ts'
import { buildRequest } from './request.ts'
import { AnswerReader } from './stream.ts'

/** Gemini's generateContent API, as a client speaks it. */
export const gemini: Dialect = {
  name: 'gemini',
  client: {
    buildRequest,
    readAnswer,
    openReader: (call) => new AnswerReader(call),
    readError,
  },
}
