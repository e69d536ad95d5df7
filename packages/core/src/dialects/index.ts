import { anthropicMessages } from './anthropic-messages/index.ts'
import type { Dialect } from './dialect.ts'
import { gemini } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'

export type { CallContext, ChatRequest, Dialect, Observation, Quirks, RenderContext, StreamRelay } from './dialect.ts'
export type { Finish } from './finish.ts'
export { type Translation, translate } from './translation.ts'
export type { Usage } from './usage.ts'
export { openaiChat }

/** Every dialect, by its name. */
export const dialects: ReadonlyMap<string, Dialect> = new Map([openaiChat, anthropicMessages, gemini].map((dialect) => [dialect.name, dialect]))
