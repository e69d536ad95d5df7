import type { GatewayError } from '../../errors.ts'
import type { Part, Signature } from './conversation.ts'
import type { Finish } from './finish.ts'
import type { Usage } from './usage.ts'

/**
 * Events of a streamed answer, as a closed union: every reader produces these, every renderer
 * takes them. `choice` is the index of the choice; `index` counts the tool calls of a choice from 0
 * without gaps, whatever the provider's own numbering.
 */
export type StreamEvent =
  | {
      readonly type: 'start'
      readonly id?: string | undefined
      readonly model?: string | undefined
      readonly created?: number | undefined
    }
  | { readonly type: 'text'; readonly choice: number; readonly text: string }
  | { readonly type: 'reasoning'; readonly choice: number; readonly text: string }
  /** Ends the reasoning fragments before it and signs them; `redacted` stands alone. */
  | {
      readonly type: 'reasoning-signature'
      readonly choice: number
      readonly signature: Signature
      readonly redacted?: boolean
    }
  | { readonly type: 'refusal'; readonly choice: number; readonly text: string }
  | {
      readonly type: 'tool-call'
      readonly choice: number
      readonly index: number
      readonly id: string
      readonly name: string
      readonly kind: 'function' | 'custom'
      readonly signature?: Signature | undefined
    }
  | {
      readonly type: 'tool-arguments'
      readonly choice: number
      readonly index: number
      readonly text: string
    }
  /** OpenAI-shaped `logprobs` of the text before it. */
  | { readonly type: 'logprobs'; readonly choice: number; readonly value: unknown }
  /** OpenAI-shaped annotations (`url_citation`, ...). */
  | { readonly type: 'annotations'; readonly choice: number; readonly value: readonly unknown[] }
  /**
   * A part of the answer that only the issuing dialect understands (server-tool blocks, images,
   * ...).
   */
  | { readonly type: 'part'; readonly choice: number; readonly part: Part }
  | { readonly type: 'finish'; readonly choice: number; readonly finish: Finish }
  /** Totals so far; a later one replaces an earlier one, they are never added. */
  | { readonly type: 'usage'; readonly usage: Usage }
  /** The provider failed after the stream had begun. Nothing follows. */
  | { readonly type: 'error'; readonly error: GatewayError }

/** A whole answer. */
export interface Answer {
  readonly id?: string | undefined
  readonly model?: string | undefined
  /** Unix seconds. */
  readonly created?: number | undefined
  readonly choices: readonly AnswerChoice[]
  readonly usage?: Usage | undefined
}

export interface AnswerChoice {
  readonly parts: readonly Part[]
  readonly finish: Finish
  /** OpenAI-shaped `logprobs`. */
  readonly logprobs?: unknown
  /** OpenAI-shaped annotations. */
  readonly annotations?: readonly unknown[] | undefined
}
