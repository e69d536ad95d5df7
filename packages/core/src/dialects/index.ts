import { anthropicMessages, readCountTokens } from './anthropic-messages/index.ts'
import { bedrockConverse } from './bedrock-converse/index.ts'
import { cohere } from './cohere/index.ts'
import type { Dialect, JsonObject, ModelList, UsableModels } from './dialect.ts'
import { gemini, generatePaths, nativePaths, readNative } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiResponses } from './openai-responses/index.ts'
import { type Face, faceOf, modelListFor } from './operation.ts'

export { reasoningFields } from './dialect.ts'
export type { BuiltRequest, ClientRequest, Dialect, JsonObject, LimitHeaders, Observation, Quirks, RelayedAnswer, StreamRelay } from './dialect.ts'
export { readEmbeddings } from './embeddings/index.ts'
export type { Finish } from './finish.ts'
export { type ModelEndpoint, PROVIDER_HEADER, readFormRequest, readJsonRequest, readNativeRequest, readStoredRequest, type StoredEndpoint } from './forward/index.ts'
export { type Face, type Operation, type OperationContext, type ProviderWanted, faceOf, readChat } from './operation.ts'
export { readRerank } from './rerank/index.ts'
export type { Translation } from './translation.ts'
export { readUsage } from './usage-fields.ts'
export type { Usage } from './usage.ts'
export { anthropicMessages, gemini, generatePaths, nativePaths, openaiChat, openaiResponses, readCountTokens, readNative as readModelAction }

/** How errors of endpoints without a dialect of their own are told: as OpenAI does. */
export const plainFace: Face = faceOf(openaiChat)

/** Every dialect, by its name. */
export const dialects: ReadonlyMap<string, Dialect> = new Map([openaiChat, openaiResponses, anthropicMessages, gemini, bedrockConverse, cohere].map((dialect) => [dialect.name, dialect]))

/** The list of models as this client reads it. */
export function renderModels(usable: UsableModels, request: Parameters<ModelList['isAskedBy']>[0]): JsonObject {
  // The last one answers everybody.
  return modelListFor(request, [anthropicMessages, gemini, openaiChat])?.render(usable) ?? {}
}
export { beginningOf, repeatedToolCalls } from './agent-loop.ts'
