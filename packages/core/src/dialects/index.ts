import { anthropicMessages } from './anthropic-messages/index.ts'
import type { Dialect } from './dialect.ts'
import { gemini } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { type Face, faceOf } from './operation.ts'

export type { BuiltRequest, ClientRequest, Dialect, ErrorResponse, JsonObject, Observation, Quirks, RelayedAnswer, StreamRelay } from './dialect.ts'
export type { Finish } from './finish.ts'
export { type Face, type Operation, type OperationContext, type OperationTarget, faceOf, readChat } from './operation.ts'
export type { Translation } from './translation.ts'
export type { Usage } from './usage.ts'
export { openaiChat }

/** How errors of endpoints without a dialect of their own are told: as OpenAI does. */
export const plainFace: Face = faceOf(openaiChat)

/** Every dialect, by its name. */
export const dialects: ReadonlyMap<string, Dialect> = new Map([openaiChat, anthropicMessages, gemini].map((dialect) => [dialect.name, dialect]))
