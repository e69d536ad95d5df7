import type { JsonObject } from './json-object.ts'
import type { Powers } from './powers.ts'

/**
 * Deviations of a service from the dialect it speaks. Absent: the service follows the dialect.
 * Shared code checks these, never a provider's name.
 */
export interface Quirks {
  /**
   * Answers follow the dialect to the letter: bytes are forwarded unparsed where nothing has to be
   * read.
   */
  readonly exact?: boolean
  /**
   * A router to many models: signatures that other providers issued are understood by those behind
   * it.
   */
  readonly relaysSignatures?: boolean
  /** `stream_options` is refused. */
  readonly noStreamOptions?: boolean
  /** Choices end without a `finish_reason`; `[DONE]` alone says the stream is whole. */
  readonly noFinish?: boolean
  /**
   * Request field that bounds the output, where the dialect has two. @default 'max_tokens'
   */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  /** Request fields the service refuses; they are removed and reported. */
  readonly dropFields?: readonly string[]
  /** Request fields that have another name at this service. */
  readonly fieldNames?: Readonly<Record<string, string>>
  /**
   * Reasoning in the history is refused; with `exact` it always is, for the original API has no
   * field for it.
   */
  readonly refusesReasoning?: boolean
  /**
   * Form in which the service reads reasoning of earlier turns: a field of the message, or parts of
   * its content. Absent, reasoning goes back as `reasoning_content`, and a client's own fields stay
   * as they are.
   */
  readonly reasoningField?: ReasoningField
  /**
   * Models that read reasoning of earlier turns, as parts of their names; every other model refuses
   * it. @default all
   */
  readonly reasoningModels?: readonly string[]
  /**
   * Text that stands for reasoning that was not kept, where the service refuses a history without.
   */
  readonly reasoningFiller?: ReasoningFiller
  /** Role `developer` is understood; for every other service such messages are sent as `system`. */
  readonly developerRole?: boolean
  /**
   * Only one system message is taken, and only as the first: `true`, or parts of the names of
   * models this holds for.
   */
  readonly oneSystem?: boolean | readonly string[]
  /**
   * `merge`: neighbours of one role are joined. `bridge`: a short assistant message is put between
   * a tool's result and a user message.
   */
  readonly alternates?: 'merge' | 'bridge'
  /**
   * The only fields a message may have in addition to `role` and `content`: `tool_calls`, or
   * `tool:name` for messages of one role.
   */
  readonly messageFields?: readonly string[]
  /** Roles of messages whose `content` must be a string. */
  readonly stringContent?: readonly ('system' | 'user' | 'assistant' | 'tool')[]
  /** `content` of a message with tool calls and no text. @default null */
  readonly contentWithCalls?: 'empty' | 'space'
  /**
   * Tool results may hold images and files; for every other service they follow in a user message.
   */
  readonly toolMedia?: boolean
  /**
   * Tools of type `custom` are understood; for every other service they are offered as functions of
   * one string.
   */
  readonly customTools?: boolean
  /**
   * Names of tools, where they differ from the dialect's rule; longer ones are sent shortened and
   * restored in the answer.
   */
  readonly toolNames?: { readonly max?: number; readonly startsWithLetter?: boolean }
  /**
   * `complete`: every function has `parameters`. `same-strict`: all tools are strict or none is.
   */
  readonly toolSchema?: 'complete' | 'same-strict'
  /**
   * Whether the model can be made to call a tool: `never`, `not-named` (any tool, but none by
   * name), or only without thinking, with the fields that switch it off.
   */
  readonly forcedTools?: 'never' | 'not-named' | { readonly thinkingOff: JsonObject }
  /** Models whose function tools are served by another dialect that the provider speaks. */
  readonly toolsDialect?: ToolsDialect
  /** Ids of tool calls have nine letters and digits. */
  readonly shortToolIds?: boolean
  /** Longest id of a tool call, in characters; longer ones are sent as their digest. */
  readonly toolIdLength?: number
  /**
   * A last message of the assistant, to be continued, is refused unless it carries `prefix: true`.
   */
  readonly marksPrefill?: boolean
  /**
   * The service continues a trailing assistant message (prefill): a broken stream can be continued
   * here. With `marksPrefill` it always is.
   */
  readonly continuesTurn?: boolean
  /**
   * Effects beyond one answer of one model, billed by the token: refused for keys and budgets
   * limited to that. Empty: nothing is refused. @default the catalogue's
   */
  readonly powers?: Powers
  /**
   * The service continues and bills after its client has disconnected: answers are read to their
   * end, for at most a minute, so that their usage is known.
   */
  readonly billsAfterDisconnect?: boolean
  /**
   * How much of its reasoning its models show: with `hidden`, an interrupted answer costs its whole
   * reservation. @default known by the model's name
   */
  readonly reasoning?: 'none' | 'shown' | 'hidden'
  /** Names in which its embeddings API differs from OpenAI's. */
  readonly embeddings?: EmbeddingQuirks
  /** Storage of a cloud that it reads files from: `gs`, `s3`. */
  readonly fileSchemes?: readonly string[]
  /** Embeddings are predictions (`:predict`), as in Google's cloud. */
  readonly predictsEmbeddings?: boolean
  /** Names in which its rerank API differs. */
  readonly rerank?: RerankQuirks
}

/**
 * `thinking_parts` and `reasoning_parts` are parts of a message's content, the others fields of the
 * message.
 */
export const reasoningFields = [
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_parts',
  'reasoning_parts',
] as const

export type ReasoningField = (typeof reasoningFields)[number]

export interface ReasoningFiller {
  /**
   * `calls`: messages that call tools. `tools`: those, and every message of the assistant when the
   * request offers tools.
   */
  readonly on: 'calls' | 'tools'
  /** May be empty. */
  readonly text: string
  /** Parts of the names of models this holds for. @default all */
  readonly models?: readonly string[]
}

export interface ToolsDialect {
  /** Name of the dialect: `openai-responses`. */
  readonly dialect: string
  /** Prefixes of the models' names: `gpt-5.6`. */
  readonly models: readonly string[]
  /**
   * Models of these that need it only when the request asks for reasoning; the others unless its
   * effort is `none`.
   */
  readonly onlyWithEffort?: readonly string[]
}

export interface EmbeddingQuirks {
  /** @default 'dimensions' */
  readonly dimensionsField?: string
  /** @default 'encoding_format' */
  readonly encodingField?: string
  /**
   * The service's name for each encoding; encodings without one are not sent. @default the client's
   * names
   */
  readonly encodings?: Readonly<Partial<Record<'float' | 'base64', string>>>
  /** @default 'input_type' */
  readonly inputTypeField?: string
  /** The service's name for each purpose of a vector. @default the client's names */
  readonly inputTypes?: Readonly<
    Partial<Record<'query' | 'document' | 'classification' | 'clustering' | 'similarity', string>>
  >
  /** Fields sent unless the client sets them. */
  readonly fixed?: JsonObject
}

export interface RerankQuirks {
  /** Field with the number of results. @default 'top_n' */
  readonly topField?: string
  /** Fields sent unless the client sets them. */
  readonly fixed?: JsonObject
}
