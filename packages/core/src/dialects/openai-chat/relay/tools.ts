import { append } from '../../../foundation/lists.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { asObject } from '../../wire/json.ts'
import { ToolDeltas } from '../from-provider/tool-deltas.ts'

/**
 * The tool-call deltas of one streamed choice, to OpenAI's letter whatever a service does with
 * `index`, ids and names. Unknown fields stay in their delta.
 */
export class StreamedToolCalls {
  readonly #deltas: ToolDeltas
  readonly #custom = new Set<number>()
  /** Of deltas that gave nothing yet: a call is announced when its name is whole. */
  #held: JsonObject = {}

  constructor(call: CallContext) {
    this.#deltas = new ToolDeltas(0, call.newId)
  }

  get any(): boolean {
    return this.#deltas.any
  }

  /** The deltas the client gets for the ones that came. */
  take(raw: readonly unknown[]): JsonObject[] {
    const output: JsonObject[] = []
    for (const item of raw) {
      const delta = asObject(item)
      if (delta === undefined) continue
      const events: StreamEvent[] = []
      this.#deltas.take(delta, events)
      append(output, this.#render(events, delta))
    }
    return output
  }

  /** The choice has ended: what is still owed to the client. */
  finish(): JsonObject[] {
    const events: StreamEvent[] = []
    this.#deltas.finish(events)
    return this.#render(events, {})
  }

  /** At most one delta per call: the start of a call takes the arguments that came with it. */
  #render(events: readonly StreamEvent[], raw: JsonObject): JsonObject[] {
    const {
      index: _index,
      id: _id,
      type: _type,
      function: _function,
      custom: _custom,
      ...own
    } = raw
    const rest = { ...this.#held, ...own }
    this.#held = events.length === 0 ? rest : {}
    const output: JsonObject[] = []
    for (const event of events) {
      if (event.type === 'tool-call') {
        if (event.kind === 'custom') this.#custom.add(event.index)
        output.push({
          ...rest,
          index: event.index,
          id: event.id,
          type: event.kind,
          ...this.#body(event.index, { name: event.name, text: '' }),
        })
      } else if (event.type === 'tool-arguments') {
        const body = this.#body(event.index, { text: event.text })
        const start = output.find((delta) => delta.index === event.index)
        if (start === undefined) output.push({ ...rest, index: event.index, ...body })
        else
          for (const [field, value] of Object.entries(body))
            start[field] = { ...asObject(start[field]), ...value }
      }
    }
    return output
  }

  #body(
    index: number,
    content: { readonly name?: string; readonly text: string },
  ): Record<string, JsonObject> {
    const { text, ...name } = content
    return this.#custom.has(index)
      ? { custom: { ...name, input: text } }
      : { function: { ...name, arguments: text } }
  }
}
