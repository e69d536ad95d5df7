import type { CallContext } from './call.ts'
import type { Conversation } from './conversation.ts'
import type { ChatRequest, ClientRequest } from './request.ts'
import type { Dialect, ClientSide } from './dialect.ts'
import type { JsonObject } from './json-object.ts'
import type { Quirks, ToolsDialect } from './quirks.ts'
import type { StreamRelay } from './relay.ts'
import { estimateInputTokens, estimateTextTokens } from '../tokens/estimate-tokens.ts'
import { type CacheLifetime, cacheWrites } from './cache-writes.ts'
import { boundOutput, type RequestedOutput, requestedOutput } from './output-bounds.ts'
import { asksToBeDeferred, namesKeptInput } from './deferred.ts'
import { type RequestedReasoning, requestedReasoning } from './requested-reasoning.ts'
import { listSurcharges } from './surcharges.ts'
import { translate, type Translation } from '../translation/translation.ts'

/** One request of any endpoint, read as far as routing needs. */
export interface Operation {
  /**
   * `model` as the client wrote it: a route, `provider/model`, or a bare model id. Absent where
   * nothing depends on one.
   */
  readonly model: string | undefined
  readonly stream: boolean
  /** Set instead of a model for objects of one provider (files, batches). */
  readonly provider?: RequestedProvider
  /** An answer without a call, when a target cannot be asked and need not be. */
  answerLocally?(target: OperationTarget): JsonObject | undefined
  /** The conversation, when the request is one. */
  conversation?(): Conversation
  /** Estimated input tokens of the request; absent when unknown. */
  estimateInput?(): number
  /**
   * Paths of the request that this target charges beyond tokens; without a target, those that any
   * target charges.
   */
  surcharges?(target?: OperationTarget): readonly string[]
  /**
   * Longest lifetime for which its input is written to the provider's prompt cache.
   */
  cacheWrites?(): CacheLifetime | undefined
  /** Input tokens estimated from the size of a request that cannot be read. */
  inputBytesEstimate?(): number
  /** The request costs nothing at any provider: it counts tokens or stores files. */
  readonly isFree?: boolean
  /**
   * Maximum output tokens the request sets itself; absent where it generates no output.
   */
  requestedOutput?(): RequestedOutput
  /** Reasoning the request asks for. */
  requestedReasoning?(): RequestedReasoning
  /**
   * Returns the request with its output bounded to `most` tokens over all its choices; itself when
   * it requests no more. Absent where the output bound of the API is not known. Throws
   * `invalid_request` for more choices than tokens.
   */
  bounded?(most: number): Operation
  /**
   * It generates output that the gateway cannot bound: a batch, or an unknown path of a provider's
   * own API.
   */
  isBoundless?(): boolean
  /**
   * The provider stores a part of its input, which the gateway does not see: an answer or a
   * conversation that it continues.
   */
  hasKeptInput?(): boolean
  /**
   * Its answers come with other requests, which are free: a batch, a run in the background. The
   * gateway never sees its usage.
   */
  isDeferred?(): boolean
  /** The request body, where it is JSON and was read whole. */
  json?(): SentJson | undefined
  /** The gateway can end its streams as if they had reached their output bound. */
  readonly isCuttable?: boolean
  /** Translates the request for a target, and its answer for the client. */
  translationFor(target: OperationTarget, context: OperationContext): Translation
}

/** JSON as the client sent it. */
export interface SentJson {
  readonly body: JsonObject
  /** Absent when only the parsed value is left. */
  readonly bytes: Uint8Array | undefined
}

/**
 * Exactly one provider: the one the client names, the one of the model it names, or the only one
 * configured.
 */
export interface RequestedProvider {
  /** As the client named it. */
  readonly name: string | undefined
  /** Dialect that the provider must speak; any when absent. */
  readonly speaks: Dialect | undefined
  /** The call is idempotent: a failed one may be retried. */
  readonly isRepeatable: boolean
}

/** Facts of a target that an operation uses. */
export interface OperationTarget {
  readonly provider: {
    readonly name: string
    readonly quirks: Quirks
    readonly issuer?: string | undefined
  }
  /** The provider's own model id. */
  readonly model: string
  /** Dialects of the provider for this model, the best first. */
  readonly dialects: readonly Dialect[]
}

export interface OperationContext {
  readonly requestId: string
  /** Unix seconds. */
  readonly created: number
  /** Largest event a provider may send, in bytes. */
  readonly maxEventBytes: number
  /** The route allows leaving out parts and tools a target cannot take. */
  readonly dropUnsupported: boolean
  newId(prefix: string): string
  /** Another target may have to continue the stream. */
  readonly isContinuable?: boolean
  /** A broken stream that the target continues. */
  readonly continues?: StreamRelay
  /** The gateway may have to end the stream itself. */
  readonly isCuttable?: boolean
  /** Output is counted against limits: what a stream shows is measured on its way. */
  readonly isMetered?: boolean
}

/** Format in which the errors of an endpoint reach its clients. */
export type ErrorFormat = Pick<ClientSide, 'renderError' | 'answerHeaders'>

/** The error format of a dialect that clients speak. */
export function toErrorFormat(dialect: Dialect): ErrorFormat {
  if (dialect.clientSide === undefined) throw new TypeError(`Clients cannot speak ${dialect.name}.`)
  return dialect.clientSide
}

/** Output reserved for each choice of a request that sets no bound. */
const USUAL_OUTPUT_TOKENS = 1_024

/**
 * Output tokens expected of a request before its answer is known: the most it asks for.
 */
export function outputExpected({
  requestedOutput: read,
}: Pick<Operation, 'requestedOutput'>): number {
  const asked = read?.()
  return asked === undefined
    ? 0
    : (asked.tokens ?? Math.max(USUAL_OUTPUT_TOKENS, asked.mentioned)) * asked.choices
}

/**
 * Prefers the client's own dialect where the target speaks it: a relayed request loses nothing in
 * translation.
 */
function dialectFor(
  target: OperationTarget,
  from: Dialect,
  chat: ChatRequest,
): Dialect | undefined {
  const { toolsDialect } = target.provider.quirks
  const demanded =
    toolsDialect !== undefined && needsToolsDialect(toolsDialect, target.model, chat)
      ? target.dialects.find(({ name }) => name === toolsDialect.dialect)
      : undefined
  return demanded ?? target.dialects.find((dialect) => dialect === from) ?? target.dialects[0]
}

/**
 * Whether the model serves function tools with reasoning in another dialect only.
 */
function needsToolsDialect(
  { models, onlyWithEffort = [] }: ToolsDialect,
  model: string,
  chat: ChatRequest,
): boolean {
  const isOf = (family: string): boolean => model === family || model.startsWith(`${family}-`)
  if (!models.some(isOf)) return false
  const { tools, reasoning } = chat.conversation()
  if (!tools.some(({ kind }) => kind === 'function')) return false
  const effort = reasoning?.effort
  return onlyWithEffort.some(isOf) ? effort !== undefined && effort !== 'none' : effort !== 'none'
}

function callOf(
  { provider, model }: OperationTarget,
  { stream }: ChatRequest,
  { dropUnsupported, created, newId }: OperationContext,
): CallContext {
  const { name, issuer, quirks } = provider
  return { provider: name, issuer, model, stream, quirks, dropUnsupported, created, newId }
}

/** A conversation in the dialect `from`, for any target that speaks one of our dialects. */
export function readChat(from: Dialect, request: ClientRequest): Operation {
  if (from.clientSide === undefined) throw new TypeError(`Clients cannot speak ${from.name}.`)
  const chat = from.clientSide.parse(request)
  const { outputBounds: bounds } = from.clientSide
  let inputTokens: number | undefined
  return {
    model: chat.model,
    stream: chat.stream,
    requestedOutput: () => requestedOutput(request.body, bounds),
    requestedReasoning: () => requestedReasoning(request.body),
    bounded(most) {
      const body = boundOutput(request.body, bounds, most)
      return body === request.body ? this : readChat(from, { ...request, body, bytes: undefined })
    },
    isCuttable: true,
    isDeferred: () => asksToBeDeferred(request.body),
    json: () => request,
    conversation: () => chat.conversation(),
    hasKeptInput: () => namesKeptInput(request.body),
    // A request that continues a stored conversation cannot be read as a conversation.
    estimateInput: () =>
      (inputTokens ??= namesKeptInput(request.body)
        ? estimateTextTokens([JSON.stringify(request.body)])
        : estimateInputTokens(chat.conversation())),
    surcharges(target) {
      const to = target && dialectFor(target, from, chat)
      return listSurcharges(
        request.body,
        to === undefined || to === from ? 'all' : (to.providerSide.carriedTools ?? 'none'),
      )
    },
    cacheWrites: () => cacheWrites(request.body),
    translationFor(target, context) {
      const to = dialectFor(target, from, chat)
      if (to === undefined) throw new TypeError(`${target.provider.name} speaks no dialect.`)
      return translate(from, to, {
        request: chat,
        call: callOf(target, chat, context),
        render: {
          request: chat,
          requestId: context.requestId,
          model: target.model,
          created: context.created,
          includeUsage: chat.includeUsage,
          estimateInput: () => (inputTokens ??= estimateInputTokens(chat.conversation())),
        },
        maxEventBytes: context.maxEventBytes,
        isContinuable: context.isContinuable,
        continues: context.continues,
        isCuttable: context.isCuttable,
        isMetered: context.isMetered,
      })
    },
  }
}
