import type { CallContext } from './call.ts'
import type { Conversation } from './conversation.ts'
import type { ChatRequest, ClientRequest } from './request.ts'
import type { Dialect, ClientSide } from './dialect.ts'
import type { JsonObject } from './json-object.ts'
import type { Quirks, ToolsDialect } from './quirks.ts'
import type { StreamRelay } from './relay.ts'
import { estimateInputTokens, estimateTextTokens } from '../tokens/estimate-tokens.ts'
import { type CacheLifetime, cacheWrites } from './cache-writes.ts'
import { boundOutput, type OutputAsked, outputAsked } from './output-bounds.ts'
import { asksToBeDeferred, namesKeptInput } from './deferred.ts'
import { type ReasoningAsked, reasoningAsked } from './reasoning-asked.ts'
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
  readonly provider?: ProviderWanted
  /** An answer without a call, when a target cannot be asked and need not be. */
  answerLocally?(target: OperationTarget): JsonObject | undefined
  /** The conversation, when the request is one. */
  conversation?(): Conversation
  /** Estimated input tokens of the request; absent when unknown. */
  estimateInput?(): number
  /**
   * Where it asks this target for what its tokens do not pay for: paths of the request. Of any
   * target, where none is given.
   */
  surcharges?(target?: OperationTarget): readonly string[]
  /**
   * For how long its input is written to the provider's prompt cache, as far as it can be; the
   * longest of several.
   */
  cacheWrites?(): CacheLifetime | undefined
  /** Tokens of input estimated from the size of the request, where nothing in it can be read. */
  inputBytesEstimate?(): number
  /** It costs nothing at any provider: tokens are counted, files are stored. */
  readonly isFree?: boolean
  /**
   * Tokens of output it may get at most, as far as it says so itself; absent where there is none.
   */
  outputAsked?(): OutputAsked
  /** Reasoning requested by it. */
  reasoningAsked?(): ReasoningAsked
  /**
   * The same request with its output bounded to `most` tokens over all its choices; itself when it
   * requests no more. Absent where no bound of the output is known. Throws `invalid_request` for
   * more choices than tokens.
   */
  bounded?(most: number): Operation
  /**
   * It generates output, and no bound of it can be set here: a batch, an address of a provider's
   * own that is not known.
   */
  isBoundless?(): boolean
  /**
   * A part of its input is stored by its provider and not seen here: an answer or a conversation it
   * continues.
   */
  hasKeptInput?(): boolean
  /**
   * Its answers come with other requests, which are free: a batch, a run in the background. What it
   * uses is never seen here.
   */
  isDeferred?(): boolean
  /** The request itself, where it is JSON that was read whole. */
  json?(): SentJson | undefined
  /** Its streams can be ended by the gateway as if their bound were reached. */
  readonly isCuttable?: boolean
  /** How this target is asked, and how its answer is handed to the client. */
  translationFor(target: OperationTarget, context: OperationContext): Translation
}

/** JSON as the client sent it. */
export interface SentJson {
  readonly body: JsonObject
  /** Absent when only the parsed value is left. */
  readonly bytes: Uint8Array | undefined
}

/**
 * Exactly one provider: the one the client names, that of the model it names, or the only one there
 * is.
 */
export interface ProviderWanted {
  /** As the client named it. */
  readonly name: string | undefined
  /** Dialect that the provider must speak; any when absent. */
  readonly speaks: Dialect | undefined
  /** Done twice it comes to the same: a failed call may be tried again. */
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
  /** Another target may have to go on with the stream. */
  readonly isContinuable?: boolean
  /** A stream that broke, which the target is to go on with. */
  readonly continues?: StreamRelay
  /** The gateway may have to end the stream itself. */
  readonly isCuttable?: boolean
  /** Output is counted against limits: what a stream shows is measured on its way. */
  readonly isMetered?: boolean
}

/** In which shape the answers and errors of an endpoint reach its clients. */
export type ErrorFormat = Pick<ClientSide, 'renderError' | 'answerHeaders'>

/** The face of a dialect that clients speak. */
export function toErrorFormat(dialect: Dialect): ErrorFormat {
  if (dialect.clientSide === undefined) throw new TypeError(`Clients cannot speak ${dialect.name}.`)
  return dialect.clientSide
}

/** Output reserved for each choice of a request that sets no bound. */
const USUAL_OUTPUT_TOKENS = 1_024

/**
 * Tokens of output a request is taken to get before its answer is known: the largest it asks for.
 */
export function outputExpected({ outputAsked: read }: Pick<Operation, 'outputAsked'>): number {
  const asked = read?.()
  return asked === undefined
    ? 0
    : (asked.tokens ?? Math.max(USUAL_OUTPUT_TOKENS, asked.mentioned)) * asked.choices
}

/**
 * The client's own dialect where the target speaks it: what needs no translation loses nothing in
 * it.
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
 * Whether the model serves what is asked, function tools with reasoning, in another dialect only.
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
    outputAsked: () => outputAsked(request.body, bounds),
    reasoningAsked: () => reasoningAsked(request.body),
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
