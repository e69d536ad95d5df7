import { append } from '../../../foundation/lists.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { asList, asObject, asObjects, asText } from '../../wire/json.ts'
import { mapAnnotations, logprobsOf } from './annotations.ts'
import { calledBy, madeImage, PARAGRAPH, readSignature, thoughtsOf } from './answer.ts'
import {
  type Kind,
  keyOf,
  kindOf,
  namesOf,
  newItem,
  type OutputItem,
  type Passage,
  countedFrom,
  passageOf,
  positionOf,
  restOf,
  type Thought,
  thoughtIn,
} from './output-item.ts'
import { DIALECT } from '../names.ts'

const NOTHING: readonly StreamEvent[] = []

/**
 * Reads the events about output items. An item is known by its position: its id may be another one
 * in every event. What is whole (the events named `done`, and the response at the end) fills in
 * what the fragments left out, and no more.
 */
export class OutputReader {
  readonly #call: CallContext
  readonly #items = new Map<unknown, OutputItem>()
  /** Names of the items that have ended. */
  readonly #ended = new Set<string>()
  #toolCalls = 0
  #textLength = 0

  constructor(call: CallContext) {
    this.#call = call
  }

  get calledTools(): boolean {
    return this.#toolCalls > 0
  }

  /** Output that the event adds to the answer; `undefined` for other events. */
  read(event: JsonObject): readonly StreamEvent[] | undefined {
    switch (event.type) {
      case 'response.output_text.delta':
        return this.#textDelta(event)
      case 'response.function_call_arguments.delta':
        return this.#argumentsDelta(event, 'function')
      case 'response.custom_tool_call_input.delta':
        return this.#argumentsDelta(event, 'custom')
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.#thoughtDelta(event)
      case 'response.refusal.delta':
        return this.#refusalDelta(event)
      case 'response.output_item.added':
        return this.#add(event)
      case 'response.output_item.done':
        return this.#done(event)
      default:
        return this.#whole(event)
    }
  }

  /** Content of the finished response that its events did not carry. */
  end(output: readonly JsonObject[]): readonly StreamEvent[] {
    const events: StreamEvent[] = []
    for (const [position, whole] of output.entries()) {
      if (this.#hasEnded(whole)) continue
      const key = this.#keyNamed(whole) ?? position
      if (!this.#items.get(key)?.ended) this.#endItem(this.#itemLike(whole, key), whole, events)
    }
    for (const item of this.#items.values()) if (!item.ended) this.#endItem(item, {}, events)
    return events
  }

  #textDelta(event: JsonObject): readonly StreamEvent[] {
    const { delta } = event
    const item = this.#openItem(event, 'message')
    if (item === undefined || typeof delta !== 'string' || delta === '') return NOTHING
    const passage = this.#passage(item, event.content_index)
    passage.text += delta
    this.#textLength += delta.length
    const text: StreamEvent = { type: 'text', choice: 0, text: delta }
    const logprobs = logprobsOf(event.logprobs)
    if (logprobs === undefined) return [text]
    passage.hasLogprobs = true
    return [text, { type: 'logprobs', choice: 0, value: logprobs }]
  }

  #refusalDelta(event: JsonObject): readonly StreamEvent[] {
    const { delta } = event
    const item = this.#openItem(event, 'message')
    if (item === undefined || typeof delta !== 'string' || delta === '') return NOTHING
    this.#passage(item, event.content_index).text += delta
    return [{ type: 'refusal', choice: 0, text: delta }]
  }

  #thoughtDelta(event: JsonObject): readonly StreamEvent[] {
    const item = this.#openItem(event, 'reasoning')
    return item === undefined ? NOTHING : this.#think(item, thoughtIn(event, event.delta))
  }

  #think(item: OutputItem, { kind, at, text }: Thought): readonly StreamEvent[] {
    if (text === '' || (item.thoughts !== undefined && item.thoughts !== kind)) return NOTHING
    item.thoughts = kind
    const isFirst = item.passages.size === 0
    const passage = this.#passage(item, at)
    const opensParagraph = kind === 'summary' && passage.text === '' && !isFirst
    passage.text += text
    return [{ type: 'reasoning', choice: 0, text: opensParagraph ? PARAGRAPH + text : text }]
  }

  #argumentsDelta(event: JsonObject, kind: 'function' | 'custom'): readonly StreamEvent[] {
    const { delta } = event
    const item = this.#openItem(event, kind)
    if (item === undefined || typeof delta !== 'string' || delta === '') return NOTHING
    this.#passage(item, 0).text += delta
    if (item.toolIndex !== undefined)
      return [{ type: 'tool-arguments', choice: 0, index: item.toolIndex, text: delta }]
    item.early += delta
    return NOTHING
  }

  #add(event: JsonObject): readonly StreamEvent[] {
    const whole = asObject(event.item)
    if (whole === undefined) return NOTHING
    const events: StreamEvent[] = []
    const key = keyOf(event, whole)
    const known = this.#items.get(key)
    if (known?.ended && this.#hasEnded(whole)) return NOTHING
    // A position is used again where a service counts from 0 for every item; the same call
    // announced twice is one.
    const names = namesOf(whole)
    const isSame =
      known?.kind === kindOf(whole) &&
      (known.toolIndex === undefined || known.names.some((name) => names.includes(name)))
    if (known !== undefined && !known.ended && !isSame) this.#endItem(known, {}, events)
    const item = this.#itemLike(whole, key)
    if (asText(whole.name) !== undefined) this.#announce(item, whole, events)
    return events
  }

  #done(event: JsonObject): readonly StreamEvent[] {
    const whole = asObject(event.item)
    if (whole === undefined) return NOTHING
    const key = keyOf(event, whole)
    if (this.#items.get(key)?.ended && this.#hasEnded(whole)) return NOTHING
    const events: StreamEvent[] = []
    this.#endItem(this.#itemLike(whole, key), whole, events)
    return events
  }

  /** Events that repeat, whole, what came in fragments or should have. */
  #whole(event: JsonObject): readonly StreamEvent[] | undefined {
    const events: StreamEvent[] = []
    switch (event.type) {
      case 'response.output_text.done':
        this.#fillPart(
          this.#openItem(event, 'message'),
          { at: event.content_index, part: { ...event, type: 'output_text' } },
          events,
        )
        return events
      case 'response.refusal.done':
        this.#fillPart(
          this.#openItem(event, 'message'),
          { at: event.content_index, part: { ...event, type: 'refusal' } },
          events,
        )
        return events
      case 'response.output_text.annotation.added':
        this.#annotate(this.#openItem(event, 'message'), event, events)
        return events
      case 'response.reasoning_summary_text.done':
      case 'response.reasoning_text.done':
        this.#fillThought(this.#openItem(event, 'reasoning'), thoughtIn(event, event.text), events)
        return events
      case 'response.function_call_arguments.done':
        this.#fillArguments(this.#openItem(event, 'function'), event.arguments, events)
        return events
      case 'response.custom_tool_call_input.done':
        this.#fillArguments(this.#openItem(event, 'custom'), event.input, events)
        return events
      default:
        return undefined
    }
  }

  #openItem(event: JsonObject, kind: Kind): OutputItem | undefined {
    const item = this.#items.get(keyOf(event, event))
    if (item === undefined) return this.#newItem(keyOf(event, event), kind)
    return item.ended || item.kind !== kind ? undefined : item
  }

  #itemLike(whole: JsonObject, key: unknown): OutputItem {
    const kind = kindOf(whole)
    const item = this.#items.get(key)
    const like =
      item === undefined || item.ended || item.kind !== kind ? this.#newItem(key, kind) : item
    like.names = namesOf(whole)
    return like
  }

  /** Positions count what is left out of the finished response as well. */
  #keyNamed(whole: JsonObject): unknown {
    const names = namesOf(whole)
    for (const [key, item] of this.#items)
      if (!item.ended && item.names.some((name) => names.includes(name))) return key
    return undefined
  }

  #newItem(key: unknown, kind: Kind): OutputItem {
    const item = newItem(kind)
    this.#items.set(key, item)
    return item
  }

  #passage(item: OutputItem, index: unknown): Passage {
    const at = positionOf(index)
    let passage = item.passages.get(at)
    if (passage === undefined) {
      passage = {
        start: this.#textLength,
        text: '',
        annotations: 0,
        hasLogprobs: false,
        isWhole: false,
      }
      item.passages.set(at, passage)
    }
    return passage
  }

  #announce(item: OutputItem, whole: JsonObject, events: StreamEvent[]): void {
    if (item.toolIndex !== undefined || (item.kind !== 'function' && item.kind !== 'custom')) return
    const { id, name } = calledBy(whole, this.#call)
    const index = this.#toolCalls++
    item.toolIndex = index
    events.push({ type: 'tool-call', choice: 0, index, id, name, kind: item.kind })
    if (item.early !== '')
      events.push({ type: 'tool-arguments', choice: 0, index, text: item.early })
    item.early = ''
  }

  #hasEnded(whole: JsonObject): boolean {
    return namesOf(whole).some((name) => this.#ended.has(name))
  }

  /** @param whole the item as it ended; empty when it was not sent */
  #endItem(item: OutputItem, whole: JsonObject, events: StreamEvent[]): void {
    switch (item.kind) {
      case 'message':
        for (const [at, part] of asObjects(whole.content).entries())
          this.#fillPart(item, { at: countedFrom(item, at, part), part }, events)
        break
      case 'reasoning':
        this.#endReasoning(item, whole, events)
        break
      case 'function':
      case 'custom':
        this.#endCall(item, whole, events)
        break
      case 'other':
        if (whole.type !== undefined)
          events.push({
            type: 'part',
            choice: 0,
            part: madeImage(whole) ?? { type: 'extension', dialect: DIALECT, value: whole },
          })
        break
    }
    item.ended = true
    for (const name of namesOf(whole)) this.#ended.add(name)
  }

  #endReasoning(item: OutputItem, whole: JsonObject, events: StreamEvent[]): void {
    const { kind, texts } = thoughtsOf(whole)
    for (const [at, text] of texts.entries()) this.#fillThought(item, { kind, at, text }, events)
    const signature = readSignature(whole)
    if (signature === undefined) return
    const isHidden = item.passages.size === 0
    events.push(
      isHidden
        ? { type: 'reasoning-signature', choice: 0, signature, redacted: true }
        : { type: 'reasoning-signature', choice: 0, signature },
    )
  }

  #endCall(item: OutputItem, whole: JsonObject, events: StreamEvent[]): void {
    this.#announce(item, whole, events)
    this.#fillArguments(item, item.kind === 'custom' ? whole.input : whole.arguments, events)
    if (item.kind === 'function' && item.toolIndex !== undefined && item.passages.size === 0) {
      events.push({ type: 'tool-arguments', choice: 0, index: item.toolIndex, text: '{}' })
    }
  }

  #fillPart(
    item: OutputItem | undefined,
    { at, part }: { readonly at: unknown; readonly part: JsonObject },
    events: StreamEvent[],
  ): void {
    if (item === undefined) return
    const isText = part.type === 'output_text'
    const whole = asText(isText ? part.text : part.refusal)
    if (whole === undefined || (!isText && part.type !== 'refusal')) return
    const passage = passageOf(item, positionOf(at), whole) ?? this.#passage(item, at)
    this.#joinPieces(item, passage, whole)
    passage.isWhole = true
    const rest = restOf(whole, passage)
    if (rest !== '') {
      passage.text += rest
      if (isText) this.#textLength += rest.length
      events.push({ type: isText ? 'text' : 'refusal', choice: 0, text: rest })
    }
    const logprobs = passage.hasLogprobs ? undefined : logprobsOf(part.logprobs)
    if (logprobs !== undefined) {
      passage.hasLogprobs = true
      events.push({ type: 'logprobs', choice: 0, value: logprobs })
    }
    this.#pushAnnotations(passage, asList(part.annotations).slice(passage.annotations), events)
  }

  /** One text whose every fragment was counted as a text of its own. */
  #joinPieces(item: OutputItem, passage: Passage, whole: string): void {
    if (passage.isWhole || passage.text === '') return
    let isAfter = false
    for (const other of item.passages.values()) {
      if (
        isAfter &&
        other.text !== '' &&
        !other.isWhole &&
        whole.startsWith(passage.text + other.text)
      ) {
        passage.text += other.text
        other.isWhole = true
      }
      isAfter ||= other === passage
    }
  }

  #annotate(item: OutputItem | undefined, event: JsonObject, events: StreamEvent[]): void {
    if (item !== undefined)
      this.#pushAnnotations(this.#passage(item, event.content_index), [event.annotation], events)
  }

  #pushAnnotations(passage: Passage, annotations: readonly unknown[], events: StreamEvent[]): void {
    passage.annotations += annotations.length
    const value = mapAnnotations(annotations, passage.start)
    if (value.length > 0) events.push({ type: 'annotations', choice: 0, value })
  }

  #fillThought(item: OutputItem | undefined, thought: Thought, events: StreamEvent[]): void {
    if (item === undefined) return
    append(
      events,
      this.#think(item, { ...thought, text: restOf(thought.text, item.passages.get(thought.at)) }),
    )
  }

  #fillArguments(item: OutputItem | undefined, whole: unknown, events: StreamEvent[]): void {
    if (item === undefined || typeof whole !== 'string') return
    const rest = restOf(whole, item.passages.get(0))
    if (rest === '') return
    this.#passage(item, 0).text += rest
    if (item.toolIndex === undefined) item.early += rest
    else events.push({ type: 'tool-arguments', choice: 0, index: item.toolIndex, text: rest })
  }
}
