import type { JsonObject } from '../../model/json-object.ts'
import { textOfValue } from '../../wire/json.ts'

export type Kind = 'message' | 'reasoning' | 'function' | 'custom' | 'other'
export type ThoughtKind = 'text' | 'summary'

/** An output item of a stream, from its first event on. */
export interface OutputItem {
  readonly kind: Kind
  /** Its identifiers in addition to its position. */
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
  /** It was sent whole. */
  isWhole: boolean
}

export function newItem(kind: Kind): OutputItem {
  return {
    kind,
    names: [],
    toolIndex: undefined,
    early: '',
    thoughts: undefined,
    passages: new Map(),
    ended: false,
  }
}

/** Items of services without positions are identified by ids. */
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

/**
 * Identifiers of an item in addition to its position: its id, and its call's, which the result of
 * the call has as well.
 */
export function namesOf({ type, id, call_id: callId }: JsonObject): string[] {
  return [id, callId].flatMap((name) =>
    typeof name === 'string' ? [`${textOfValue(type)} ${name}`] : [],
  )
}

/** Rest of `whole` that was not passed on yet: empty when the fragments differ. */
export function restOf(whole: string, passage: Passage | undefined): string {
  const text = passage?.text ?? ''
  return whole.startsWith(text) ? whole.slice(text.length) : ''
}

/** Position of a text in its item: where there is one only, some services do not say it. */
export function positionOf(index: unknown): number {
  return typeof index === 'number' ? index : 0
}

/**
 * The passage that a whole text is of. Services count the texts of an item otherwise in the
 * fragments than in what is whole: from 1, or one for each fragment. Then it is the first that has
 * not been sent whole and that the text begins with.
 */
export function passageOf(item: OutputItem, at: number, whole: string): Passage | undefined {
  const there = item.passages.get(at)
  if (there !== undefined && (there.isWhole || whole.startsWith(there.text))) return there
  for (const passage of item.passages.values())
    if (!passage.isWhole && passage.text !== '' && whole.startsWith(passage.text)) return passage
  return there
}

/**
 * The position that fragments gave to the part of an item that is the `at`th of the whole item:
 * some services count from 1.
 */
export function countedFrom({ passages }: OutputItem, at: number, part: JsonObject): number {
  if (passages.size === 0 || passages.has(at)) return at
  let first = Number.POSITIVE_INFINITY
  for (const position of passages.keys()) if (position < first) first = position
  const shifted = at + first
  const whole = part.type === 'output_text' ? part.text : part.refusal
  return typeof whole === 'string' && whole.startsWith(passages.get(shifted)?.text ?? whole + ' ')
    ? shifted
    : at
}

/** A piece of what the model thought. */
export interface Thought {
  readonly kind: ThoughtKind
  readonly at: number
  readonly text: string
}

/**
 * The thought in an event named `response.reasoning_text.*` or `response.reasoning_summary_text.*`.
 */
export function thoughtIn(event: JsonObject, text: unknown): Thought {
  const kind =
    typeof event.type === 'string' && event.type.startsWith('response.reasoning_text')
      ? 'text'
      : 'summary'
  return {
    kind,
    at: positionOf(kind === 'text' ? event.content_index : event.summary_index),
    text: typeof text === 'string' ? text : '',
  }
}
