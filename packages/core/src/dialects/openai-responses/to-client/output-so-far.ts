import type { JsonObject } from '../../model/json-object.ts'
import type { ReasoningSeen } from '../../model/stream.ts'
import { asObject, asObjects, parseObject, asText } from '../../wire/json.ts'
import { OutputTally } from '../../tokens/output-tally.ts'
import type { SseFrame } from '../../wire/sse.ts'
import type { EventWriter } from './stream-items.ts'

/** Where a fragment belongs in its item: the field of the item or of one of its parts. */
interface Place {
  /** The list of the parts, and the field of the event that says which one it is. */
  readonly list?: readonly [field: string, index: string]
  readonly field: string
}

const FRAGMENTS: Readonly<Record<string, Place>> = {
  'response.output_text.delta': { list: ['content', 'content_index'], field: 'text' },
  'response.refusal.delta': { list: ['content', 'content_index'], field: 'refusal' },
  'response.reasoning_text.delta': { list: ['content', 'content_index'], field: 'text' },
  'response.reasoning_summary_text.delta': { list: ['summary', 'summary_index'], field: 'text' },
  'response.function_call_arguments.delta': { field: 'arguments' },
  'response.custom_tool_call_input.delta': { field: 'input' },
}
const NEW_PARTS: Readonly<Record<string, Required<Place>['list']>> = {
  'response.content_part.added': ['content', 'content_index'],
  'response.reasoning_summary_part.added': ['summary', 'summary_index'],
}

/**
 * The output items of a streamed response as far as they have come, put together from its events as
 * a client does.
 */
export class OutputSoFar {
  readonly #items = new Map<number, { json: JsonObject; isDone: boolean }>()
  readonly #shown = new OutputTally()

  /** Of output, estimated. */
  get tokens(): number {
    return this.#shown.tokens
  }

  get reasoningSeen(): ReasoningSeen {
    return this.#shown.reasoningSeen
  }

  get items(): readonly JsonObject[] {
    return [...this.#items].toSorted(([one], [other]) => one - other).map(([, { json }]) => json)
  }

  take({ data }: SseFrame): void {
    this.#shown.read(data)
    const event = parseObject(data)
    const at = event?.output_index
    if (event === undefined || typeof at !== 'number') return
    const type = asText(event.type) ?? ''
    const whole = asObject(event.item)
    if (whole !== undefined) {
      this.#items.set(at, { json: whole, isDone: type === 'response.output_item.done' })
      return
    }
    const item = this.#items.get(at)
    if (item === undefined || item.isDone) return
    const parts = NEW_PARTS[type]
    if (parts !== undefined)
      item.json = withPart(item.json, { list: parts, event, part: asObject(event.part) ?? {} })
    const place = FRAGMENTS[type]
    if (place !== undefined && typeof event.delta === 'string') {
      item.json = withFragment(item.json, { place, event, text: event.delta })
    }
  }

  /** The events that end what is not done. */
  end(writer: EventWriter): string {
    let text = ''
    for (const [at, item] of this.#items) {
      if (item.isDone) continue
      item.isDone = true
      item.json = { ...item.json, status: 'incomplete' }
      text += writer.writeObject('response.output_item.done', { output_index: at, item: item.json })
    }
    return text
  }
}

function withPart(
  item: JsonObject,
  {
    list: [field, index],
    event,
    part,
  }: {
    readonly list: Required<Place>['list']
    readonly event: JsonObject
    readonly part: JsonObject
  },
): JsonObject {
  const parts = [...asObjects(item[field])]
  parts[Number(event[index] ?? 0)] = part
  return { ...item, [field]: parts }
}

function withFragment(
  item: JsonObject,
  {
    place: { list, field },
    event,
    text,
  }: { readonly place: Place; readonly event: JsonObject; readonly text: string },
): JsonObject {
  if (list === undefined) return { ...item, [field]: (asText(item[field]) ?? '') + text }
  const part = asObjects(item[list[0]])[Number(event[list[1]] ?? 0)] ?? {}
  return withPart(item, {
    list,
    event,
    part: { ...part, [field]: (asText(part[field]) ?? '') + text },
  })
}
