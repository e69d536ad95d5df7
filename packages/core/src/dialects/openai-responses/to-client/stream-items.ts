import { append } from '../../../foundation/lists.ts'
import type { JsonObject } from '../../model/json-object.ts'
import {
  type Call,
  callItem,
  callKinds,
  type ItemStatus,
  messageItem,
  reasoningItem,
  refusalContent,
  summaryContent,
  textContent,
  wholeArguments,
} from './output-items.ts'

/** Writes events and numbers them without a gap. */
export class EventWriter {
  #next: number

  /** @param first number of the first event */
  constructor(first = 0) {
    this.#next = first
  }

  /**
   * @param fields JSON text of the fields beside type and number: what stays the same from token to
   * token is written once
   */
  write(type: string, fields: string): string {
    return `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#next++},${fields}}\n\n`
  }

  /** @param fields at least one */
  writeObject(type: string, fields: JsonObject): string {
    return this.write(type, JSON.stringify(fields).slice(1, -1))
  }
}

/** An item of a streamed answer, from the event that adds it to the one that says it is done. */
export interface StreamedItem {
  readonly index: number
  /** The item as it is now. */
  json(status: ItemStatus): JsonObject
  /** The event that adds it. */
  open(): string
  /**
   * The events that end it, with everything the fragments said, whole. `''` when it has ended
   * before.
   */
  end(status: ItemStatus): string
}

/** Where an item stands. */
export interface ItemPlace {
  readonly id: string
  readonly index: number
  readonly writer: EventWriter
}

abstract class AnyItem implements StreamedItem {
  readonly index: number
  protected readonly id: string
  protected readonly writer: EventWriter
  /** JSON text of the fields every event about the item has. */
  protected readonly place: string
  #ended = false

  constructor({ id, index, writer }: ItemPlace) {
    this.id = id
    this.index = index
    this.writer = writer
    this.place = `"item_id":${JSON.stringify(id)},"output_index":${index}`
  }

  abstract json(status: ItemStatus): JsonObject

  /** The events before the one that ends the item. */
  protected abstract endContent(): string

  open(): string {
    return this.writer.writeObject('response.output_item.added', {
      output_index: this.index,
      item: this.json('in_progress'),
    })
  }

  end(status: ItemStatus): string {
    if (this.#ended) return ''
    this.#ended = true
    const content = this.endContent()
    return (
      content +
      this.writer.writeObject('response.output_item.done', {
        output_index: this.index,
        item: this.json(status),
      })
    )
  }
}

interface StreamedContent {
  readonly kind: 'text' | 'refusal'
  readonly place: string
  /** JSON text of a fragment's event, up to the fragment. */
  readonly deltaHead: string
  text: string
  readonly annotations: JsonObject[]
  readonly logprobs: JsonObject[]
}

/** Texts and refusals of the model, in its order. */
export class MessageItem extends AnyItem {
  readonly #contents: StreamedContent[] = []
  /** Position in the answer's text of this item's texts, by position of the content. */
  readonly textStarts = new Map<number, number>()

  /** @param start position in the answer's text */
  text(text: string, start: number): string {
    const last = this.#contents.at(-1)
    if (last?.kind === 'text') return this.#delta(last, text)
    this.textStarts.set(this.#contents.length, start)
    const content = this.#content('text')
    return this.#open(content) + this.#delta(content, text)
  }

  refusal(text: string): string {
    const last = this.#contents.at(-1)
    if (last?.kind === 'refusal') return this.#delta(last, text)
    const content = this.#content('refusal')
    return this.#open(content) + this.#delta(content, text)
  }

  /**
   * Log probabilities of the text before them, which has been written without: they come with a
   * fragment that adds no text.
   */
  logprobs(tokens: readonly JsonObject[]): string {
    const content = this.#contents.findLast((candidate) => candidate.kind === 'text')
    if (content === undefined) return ''
    append(content.logprobs, tokens)
    return this.writer.write(
      'response.output_text.delta',
      `${content.place},"delta":"","logprobs":${JSON.stringify(tokens)}`,
    )
  }

  annotate(at: number, annotation: JsonObject): string {
    const content = this.#contents[at]
    if (content === undefined) return ''
    content.annotations.push(annotation)
    const position = content.annotations.length - 1
    return this.writer.write(
      'response.output_text.annotation.added',
      `${content.place},"annotation_index":${position},"annotation":${JSON.stringify(annotation)}`,
    )
  }

  json(status: ItemStatus): JsonObject {
    return messageItem(this.id, status, this.#contents.map(jsonOf))
  }

  protected endContent(): string {
    return this.#contents.map((content) => this.#end(content)).join('')
  }

  #content(kind: StreamedContent['kind']): StreamedContent {
    const place = `${this.place},"content_index":${this.#contents.length}`
    const deltaHead = kind === 'text' ? `${place},"logprobs":[],"delta":` : `${place},"delta":`
    const content: StreamedContent = {
      kind,
      place,
      deltaHead,
      text: '',
      annotations: [],
      logprobs: [],
    }
    this.#contents.push(content)
    return content
  }

  #open(content: StreamedContent): string {
    return this.writer.write(
      'response.content_part.added',
      `${content.place},"part":${JSON.stringify(jsonOf(content))}`,
    )
  }

  #delta(content: StreamedContent, text: string): string {
    content.text += text
    return this.writer.write(
      content.kind === 'text' ? 'response.output_text.delta' : 'response.refusal.delta',
      content.deltaHead + JSON.stringify(text),
    )
  }

  #end(content: StreamedContent): string {
    const { kind, place, text, logprobs } = content
    const whole = JSON.stringify(text)
    const done =
      kind === 'text'
        ? this.writer.write(
            'response.output_text.done',
            `${place},"text":${whole},"logprobs":${JSON.stringify(logprobs)}`,
          )
        : this.writer.write('response.refusal.done', `${place},"refusal":${whole}`)
    return (
      done +
      this.writer.write(
        'response.content_part.done',
        `${place},"part":${JSON.stringify(jsonOf(content))}`,
      )
    )
  }
}

function jsonOf(content: StreamedContent): JsonObject {
  return content.kind === 'text' ? textContent(content) : refusalContent(content.text)
}

/** Reasoning of the model. */
export class ReasoningItem extends AnyItem {
  /** Set before the item ends. */
  encryptedContent: string | undefined
  #text = ''

  get hasText(): boolean {
    return this.#text !== ''
  }

  text(text: string): string {
    const opening = this.hasText
      ? ''
      : this.writer.write(
          'response.reasoning_summary_part.added',
          `${this.#summary},"part":${JSON.stringify(summaryContent(''))}`,
        )
    this.#text += text
    return (
      opening +
      this.writer.write(
        'response.reasoning_summary_text.delta',
        `${this.#summary},"delta":${JSON.stringify(text)}`,
      )
    )
  }

  json(): JsonObject {
    return reasoningItem(this.id, this.#text, this.encryptedContent)
  }

  protected endContent(): string {
    if (!this.hasText) return ''
    const done = this.writer.write(
      'response.reasoning_summary_text.done',
      `${this.#summary},"text":${JSON.stringify(this.#text)}`,
    )
    return (
      done +
      this.writer.write(
        'response.reasoning_summary_part.done',
        `${this.#summary},"part":${JSON.stringify(summaryContent(this.#text))}`,
      )
    )
  }

  get #summary(): string {
    return `${this.place},"summary_index":0`
  }
}

/** A tool the model calls. */
export class CallItem extends AnyItem {
  readonly #call: Omit<Call, 'arguments'>
  readonly #deltaHead: string
  #arguments = ''

  constructor(place: ItemPlace, call: Omit<Call, 'arguments'>) {
    super(place)
    this.#call = call
    this.#deltaHead = `${this.place},"delta":`
  }

  arguments(text: string): string {
    this.#arguments += text
    return this.writer.write(
      `${callKinds[this.#call.kind].event}.delta`,
      this.#deltaHead + JSON.stringify(text),
    )
  }

  json(status: ItemStatus): JsonObject {
    return callItem(this.id, status, { ...this.#call, arguments: this.#arguments })
  }

  protected endContent(): string {
    const { kind, tool } = this.#call
    const { field, event } = callKinds[kind]
    const whole = wholeArguments(kind, this.#arguments)
    const missing = whole === this.#arguments ? '' : this.arguments(whole)
    const named = kind === 'function' ? `,"name":${JSON.stringify(tool.name)}` : ''
    return (
      missing +
      this.writer.write(
        `${event}.done`,
        `${this.place}${named},"${field}":${JSON.stringify(whole)}`,
      )
    )
  }
}

/** An item that comes whole: what a tool of the provider did, an image. */
export class WholeItem implements StreamedItem {
  readonly index: number
  readonly #writer: EventWriter
  readonly #item: JsonObject
  #ended = false

  constructor({ index, writer }: Omit<ItemPlace, 'id'>, item: JsonObject) {
    this.index = index
    this.#writer = writer
    this.#item = item
  }

  json(): JsonObject {
    return this.#item
  }

  open(): string {
    return this.#writer.writeObject('response.output_item.added', {
      output_index: this.index,
      item: this.#item,
    })
  }

  end(): string {
    if (this.#ended) return ''
    this.#ended = true
    return this.#writer.writeObject('response.output_item.done', {
      output_index: this.index,
      item: this.#item,
    })
  }
}
