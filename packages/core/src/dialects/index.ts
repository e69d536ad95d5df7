import { anthropicMessages, readCountTokens } from './anthropic-messages/index.ts'
import { bedrockConverse } from './bedrock-converse/index.ts'
import { cohere } from './cohere/index.ts'
import type { Dialect, ModelList, UsableModels } from './model/dialect.ts'
import type { JsonObject } from './model/json-object.ts'
import { gemini, generatePaths, nativePaths, readNative } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiResponses } from './openai-responses/index.ts'
import { type ErrorFormat, toErrorFormat } from './model/operation.ts'

export { reasoningFields } from './model/quirks.ts'
export type { BuiltRequest, LimitHeaders } from './model/call.ts'
export type { ClientRequest } from './model/request.ts'
export type { Dialect } from './model/dialect.ts'
export type { JsonObject } from './model/json-object.ts'
export type { Observation } from './model/stream.ts'
export type { Quirks } from './model/quirks.ts'
export type { RelayedAnswer, StreamRelay } from './model/relay.ts'
export { readEmbeddings } from './embeddings/index.ts'
export type { Finish } from './model/finish.ts'
export {
  type ModelEndpoint,
  PROVIDER_HEADER,
  readFormRequest,
  readJsonRequest,
  readNativeRequest,
  readStoredRequest,
  type StoredEndpoint,
} from './forward/index.ts'
export {
  type ErrorFormat,
  type Operation,
  type OperationContext,
  type RequestedProvider,
  toErrorFormat,
  outputExpected,
  readChat,
} from './model/operation.ts'
export { plainName } from './model/output-bounds.ts'
export { fieldElsewhere, namesModelElsewhere, paidFields, type Powers } from './model/powers.ts'
export { readRerank } from './rerank/index.ts'
export type { Translation } from './translation/translation.ts'
export { readUsage } from './wire/usage-fields.ts'
export type { Usage } from './model/usage.ts'
export {
  anthropicMessages,
  gemini,
  generatePaths,
  nativePaths,
  openaiChat,
  openaiResponses,
  readCountTokens,
  readNative as readModelAction,
}

/** Error format of endpoints without a dialect of their own: OpenAI's. */
export const defaultErrorFormat: ErrorFormat = toErrorFormat(openaiChat)

/** Every dialect, by its name. */
export const dialects: ReadonlyMap<string, Dialect> = new Map(
  [openaiChat, openaiResponses, anthropicMessages, gemini, bedrockConverse, cohere].map(
    (dialect) => [dialect.name, dialect],
  ),
)

/** The list of models as this client reads it. */
export function renderModels(usable: UsableModels, request: ModelsRequest): JsonObject {
  return dialectOf(request).clientSide?.modelList?.render(usable) ?? {}
}

type ModelsRequest = Parameters<ModelList['isAskedBy']>[0]

/**
 * The dialect of a client that asks for models, or for a path that no endpoint has: its headers and
 * its path tell.
 */
function dialectOf(request: ModelsRequest): Dialect {
  return (
    [anthropicMessages, gemini].find(
      ({ clientSide }) => clientSide?.modelList?.isAskedBy(request) === true,
    ) ?? openaiChat
  )
}

/** One model as this client reads it. */
export function renderModel(id: string, created: number, request: ModelsRequest): JsonObject {
  return dialectOf(request).clientSide?.modelList?.renderOne(id, created) ?? {}
}

/** In which shape errors reach a client of an endpoint without a dialect of its own. */
export function errorFormatFor(request: ModelsRequest): ErrorFormat {
  return toErrorFormat(dialectOf(request))
}

export { beginningOf, repeatedToolCalls } from './model/agent-loop.ts'
export { surchargeName } from './model/surcharges.ts'
