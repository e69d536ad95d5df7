/**
 * The neutral model of a request, in no provider's words. It is lossless: fields it has no name for
 * travel in `extensions` and go back to a target that speaks the dialect they came from.
 */
export interface Conversation {
  /** Name of the dialect the client spoke: `extensions` and extension parts are in its words. */
  readonly origin: string
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  readonly toolChoice?: ToolChoice | undefined
  readonly parallelToolCalls?: boolean | undefined
  readonly responseFormat?: ResponseFormat | undefined
  readonly sampling: Sampling
  readonly reasoning?: ReasoningRequest | undefined
  /** The end user's id, as the client gave it. */
  readonly user?: string | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  /** Paths of fields within messages and tools that no target receives. */
  readonly unread?: readonly string[] | undefined
  /** Request fields the model has no name for, by their own names. */
  readonly extensions: Readonly<Record<string, unknown>>
}

export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

export interface Message {
  readonly role: Role
  /** Name of the participant, where the dialect knows one. */
  readonly name?: string | undefined
  /** In the order the model saw or wrote them. */
  readonly parts: readonly Part[]
}

export type Part =
  | TextPart
  | ImagePart
  | FilePart
  | AudioPart
  | ToolCallPart
  | ToolResultPart
  | ReasoningPart
  | RefusalPart
  | ExtensionPart

/** Marks the end of a prefix the provider should keep in its prompt cache. */
export interface CacheHint {
  readonly ttl?: string | undefined
}

export interface TextPart {
  readonly type: 'text'
  readonly text: string
  readonly cacheHint?: CacheHint | undefined
}

/** Where media comes from. `data` is base64 without a `data:` prefix. */
export type MediaSource =
  | { readonly kind: 'data'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'id'; readonly id: string }

export interface ImagePart {
  readonly type: 'image'
  readonly source: MediaSource
  readonly detail?: string | undefined
  readonly cacheHint?: CacheHint | undefined
}

export interface FilePart {
  readonly type: 'file'
  readonly source: MediaSource
  readonly name?: string | undefined
  readonly cacheHint?: CacheHint | undefined
}

export interface AudioPart {
  readonly type: 'audio'
  /** `wav`, `mp3`, ... */
  readonly format: string
  /** base64 */
  readonly data: string
}

/**
 * An opaque proof a provider attaches to its own output and wants back byte for byte. Only a target
 * whose dialect is `origin` may see it again; for every other one it is dropped.
 */
export interface Signature {
  /** Name of the client dialect that issued it: `anthropic-messages`, `gemini`, ... */
  readonly origin: string
  readonly value: string
}

export interface ToolCallPart {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  /**
   * JSON text of a function's arguments, exactly as the model wrote it (`{}` when it wrote none),
   * or a custom tool's input.
   */
  readonly arguments: string
  readonly kind: 'function' | 'custom'
  readonly signature?: Signature | undefined
}

export interface ToolResultPart {
  readonly type: 'tool-result'
  /** The id of the tool call it answers. */
  readonly id: string
  readonly content: readonly (TextPart | ImagePart | FilePart | ExtensionPart)[]
  readonly isError?: boolean | undefined
  readonly cacheHint?: CacheHint | undefined
}

export interface ReasoningPart {
  readonly type: 'reasoning'
  /** Visible thinking; empty when the provider keeps it to itself. */
  readonly text: string
  readonly signature?: Signature | undefined
  /**
   * The signature *is* the content: encrypted thinking without visible text (Anthropic's
   * `redacted_thinking`).
   */
  readonly redacted?: boolean | undefined
}

export interface RefusalPart {
  readonly type: 'refusal'
  readonly text: string
}

/** A part only `dialect` understands. */
export interface ExtensionPart {
  readonly type: 'extension'
  readonly dialect: string
  readonly value: unknown
  /**
   * Set for a part without which the request would mean something else: a target that does not
   * speak `dialect` refuses the request. `param` is the part's path in the client's request;
   * `always` where it may not be left out even if the route allows that for other parts.
   */
  readonly indispensable?: { readonly param: string; readonly always?: boolean }
}

export interface Tool {
  readonly kind: 'function' | 'custom' | 'extension'
  readonly name: string
  readonly description?: string | undefined
  /** JSON Schema of the arguments of a function. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined
  readonly strict?: boolean | undefined
  readonly cacheHint?: CacheHint | undefined
  /** The whole tool as it came, for kinds only its own dialect understands. */
  readonly value?: unknown
}

export type ToolChoice =
  | { readonly mode: 'auto' | 'none' | 'required' }
  | { readonly mode: 'tool'; readonly name: string }
  | { readonly mode: 'allowed'; readonly required: boolean; readonly names: readonly string[] }

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema'
      readonly name: string
      readonly schema: Readonly<Record<string, unknown>>
      readonly strict?: boolean | undefined
      readonly description?: string | undefined
    }

/** Absent means: the provider's default. */
export interface Sampling {
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly topK?: number | undefined
  readonly frequencyPenalty?: number | undefined
  readonly presencePenalty?: number | undefined
  readonly seed?: number | undefined
  readonly stop?: readonly string[] | undefined
  /** Upper bound of generated tokens, reasoning included. */
  readonly maxOutputTokens?: number | undefined
  /** Number of choices. */
  readonly n?: number | undefined
  readonly logprobs?: boolean | undefined
  readonly topLogprobs?: number | undefined
  readonly logitBias?: Readonly<Record<string, number>> | undefined
}

export interface ReasoningRequest {
  /** `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`: OpenAI's scale. */
  readonly effort?: string | undefined
  /** Thinking tokens, for dialects that count them. */
  readonly budgetTokens?: number | undefined
}
