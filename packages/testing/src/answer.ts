import type { JsonObject } from './json.ts'

/** Why an answer ended, in OpenAI's words; every dialect says it in its own. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/**
 * An answer in no dialect's words; the provider renders it as its own JSON or its own stream of
 * events. What a dialect cannot say (logprobs in Anthropic Messages, a signature in OpenAI chat) is
 * left out there.
 */
export interface ScriptedAnswer {
  /** A string is streamed word by word, a list fragment by fragment as given. */
  readonly text?: string | readonly string[]
  readonly toolCalls?: readonly ScriptedToolCall[]
  readonly reasoning?: ScriptedReasoning
  /** Opaque data of a reasoning block the model does not show (Anthropic's `redacted_thinking`). */
  readonly redacted?: string
  /**
   * The model's refusal. OpenAI chat: `refusal`; Anthropic: the explanation of stop reason
   * `refusal`.
   */
  readonly refusal?: string
  /** @default `tool_calls` when there are any, `content_filter` for a refusal, else `stop` */
  readonly finish?: FinishReason
  /** The dialect's own word for the finish, sent instead of the one `finish` stands for. */
  readonly nativeFinish?: string
  /** @default 10 tokens in, 5 out */
  readonly usage?: ScriptedUsage
  /** OpenAI-shaped: `{content: [{token, logprob, bytes, top_logprobs}], refusal: null}`. */
  readonly logprobs?: { readonly content: readonly unknown[] }
  /** Model named in the answer. @default the model asked for */
  readonly model?: string
}

export interface ScriptedToolCall {
  /** @default a unique id in the dialect's own style; Gemini sends none unless it is given */
  readonly id?: string
  readonly name: string
  /**
   * An object, JSON text, or JSON text in the fragments it is streamed in. Text need not be valid
   * JSON, except for Gemini, whose arguments are an object on the wire. @default {}
   */
  readonly arguments?: JsonObject | string | readonly string[]
  /** Signature of this call (Gemini's `thoughtSignature`). */
  readonly signature?: string
}

export interface ScriptedReasoning {
  /**
   * As `text` of the answer. Empty with a signature is a block that is signed but not shown.
   * @default ''
   */
  readonly text?: string | readonly string[]
  readonly signature?: string
}

/**
 * Tokens in one accounting for all dialects: `input` includes what was read from and written to the
 * prompt cache, `output` includes reasoning. Each dialect sends them in its own accounting.
 */
export interface ScriptedUsage {
  readonly input: number
  readonly output: number
  readonly cached?: number
  readonly cacheWrite?: number
  readonly reasoning?: number
}

/** An answer with every default filled in and every text cut into its fragments. */
export interface ResolvedAnswer {
  readonly text: readonly string[]
  readonly toolCalls: readonly ResolvedToolCall[]
  readonly reasoning:
    | { readonly text: readonly string[]; readonly signature: string | undefined }
    | undefined
  readonly redacted: string | undefined
  readonly refusal: string | undefined
  readonly finish: FinishReason
  readonly nativeFinish: string | undefined
  readonly usage: ScriptedUsage
  readonly logprobs: { readonly content: readonly unknown[] } | undefined
  readonly model: string | undefined
}

export interface ResolvedToolCall {
  readonly id: string | undefined
  readonly name: string
  /** JSON text of the arguments, in the fragments it is streamed in; at least one. */
  readonly fragments: readonly string[]
  readonly signature: string | undefined
}

const DEFAULT_USAGE: ScriptedUsage = { input: 10, output: 5 }
const ARGUMENT_FRAGMENT_CHARACTERS = 8

/** Fills in the defaults documented at `ScriptedAnswer`. */
export function resolveAnswer(answer: ScriptedAnswer): ResolvedAnswer {
  const toolCalls = (answer.toolCalls ?? []).map(resolveToolCall)
  return {
    text: fragmentsOf(answer.text ?? []),
    toolCalls,
    reasoning: answer.reasoning && {
      text: fragmentsOf(answer.reasoning.text ?? []),
      signature: answer.reasoning.signature,
    },
    redacted: answer.redacted,
    refusal: answer.refusal,
    finish: answer.finish ?? defaultFinish(answer),
    nativeFinish: answer.nativeFinish,
    usage: answer.usage ?? DEFAULT_USAGE,
    logprobs: answer.logprobs,
    model: answer.model,
  }
}

function defaultFinish(answer: ScriptedAnswer): FinishReason {
  if (answer.toolCalls !== undefined && answer.toolCalls.length > 0) return 'tool_calls'
  return answer.refusal === undefined ? 'stop' : 'content_filter'
}

function resolveToolCall(call: ScriptedToolCall): ResolvedToolCall {
  const given = call.arguments ?? {}
  const fragments = Array.isArray(given)
    ? given
    : inPieces(typeof given === 'string' ? given : JSON.stringify(given))
  return {
    id: call.id,
    name: call.name,
    fragments: fragments.length === 0 ? [''] : fragments,
    signature: call.signature,
  }
}

/** A string as its words, each with the white space before it; a list as it is. */
function fragmentsOf(text: string | readonly string[]): readonly string[] {
  return typeof text === 'string' ? (text.match(/(?<!\s)\s*\S+|\s+/g) ?? []) : text
}

function inPieces(text: string): string[] {
  const characters = [...text]
  const pieces: string[] = []
  for (let at = 0; at < characters.length; at += ARGUMENT_FRAGMENT_CHARACTERS) {
    pieces.push(characters.slice(at, at + ARGUMENT_FRAGMENT_CHARACTERS).join(''))
  }
  return pieces
}
