import type { JsonObject } from '../dialect.ts'

export type Kind = 'message' | 'reasoning' | 'function' | 'custom' | 'other'
export type ThoughtKind = 'text' | 'summary'

/** An output item of a stream, from its first event on. */
export interface OutputItem {
  readonly kind: Kind
  /** What it is known by besides its position. */
  names: readonly string[]
  /** Position among the tool calls of the answer, once the call has been passed on. */
  toolIndex: number | undefined
  /** Arguments that came before the name of what is called. */
  early: string
  /** Whether the thoughts of the model are passed on, or their summary: never both. */
  thoughts: ThoughtKind | undefined
  /** By position in the item; a call's arguments are at 0. */
  readonly passages: Map<number, Passage>
  ended: boolean
}

/** One text of an item, and what of it has been passed on. */
export interface Passage {
  /** Position of its first character in the answer's text. */
  readonly start: number
  text: string
  annotations: number
  hasLogprobs: boolean
}

export function newItem(kind: Kind): OutputItem {
  return { kind, names: [], toolIndex: undefined, early: '', thoughts: undefined, passages: new Map(), ended: false }
}

/** Services that leave positions out are told apart by ids. */
export function keyOf(event: JsonObject, item: JsonObject): unknown {
  return event.output_index ?? event.item_id ?? item.id
}

export function kindOf(item: JsonObject): Kind {
  switch (item.type) {
    case 'message':
    case 'reasoning':
      return item.type
    case 'function_call':
      return 'function'
    case 'custom_tool_call':
      return 'custom'
    default:
      return 'other'
  }
}

/** What an item may be known by besides its position: its id, and its call's, which the result of the call has as well. */
export function namesOf({ type, id, call_id: callId }: JsonObject): string[] {
  return [id, callId].flatMap((name) => (typeof name === 'string' ? [`${String(type)} ${name}`] : []))
}

/** What `whole` has that was not passed on yet: nothing, when the fragments said something else. */
export function restOf(whole: string, passage: Passage | undefined): string {
  const text = passage?.text ?? ''
  return whole.startsWith(text) ? whole.slice(text.length) : ''
}

/** Position of a text in its item: where there is one only, some services do not say it. */
export function positionOf(index: unknown): number {
  return typeof index === 'number' ? index : 0
}

/** A piece of what the model thought. */
export interface Thought {
  readonly kind: ThoughtKind
  readonly at: number
  readonly text: string
}

/** The thought in an event named `response.reasoning_text.*` or `response.reasoning_summary_text.*`. */
export function thoughtIn(event: JsonObject, text: unknown): Thought {
  const kind = typeof event.type === 'string' && event.type.startsWith('response.reasoning_text') ? 'text' : 'summary'
  return { kind, at: positionOf(kind === 'text' ? event.content_index : event.summary_index), text: typeof text === 'string' ? text : '' }
}
