import type { StreamReader } from '../model/stream.ts'
import type { StreamEvent } from '../model/events.ts'
import type { SseFrame } from '../wire/sse.ts'
import { customInput, type ToolOrigin } from './tool-origin.ts'

interface OpenInput {
  readonly choice: number
  readonly index: number
  text: string
}

/**
 * Restores the client's tools in a provider's stream. The input of a custom (free-text) tool
 * arrives as fragments of JSON, so it is held until the choice ends.
 */
export class FitReader implements StreamReader {
  readonly #reader: StreamReader
  readonly #origins: ReadonlyMap<string, ToolOrigin>
  readonly #inputs = new Map<string, OpenInput>()

  constructor(reader: StreamReader, origins: ReadonlyMap<string, ToolOrigin>) {
    this.#reader = reader
    this.#origins = origins
  }

  get complete(): boolean {
    return this.#reader.complete
  }

  get endGraceMs(): StreamReader['endGraceMs'] {
    return this.#reader.endGraceMs
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    const events = this.#reader.read(frame)
    if (
      !events.some(
        ({ type }) => type === 'tool-call' || type === 'finish' || type === 'tool-arguments',
      )
    )
      return events
    const restored: StreamEvent[] = []
    for (const event of events) this.#restore(event, restored)
    return restored
  }

  #restore(event: StreamEvent, output: StreamEvent[]): void {
    switch (event.type) {
      case 'tool-call': {
        const origin = this.#origins.get(event.name)
        if (origin?.isCustom === true)
          this.#inputs.set(keyOf(event), { choice: event.choice, index: event.index, text: '' })
        output.push(
          origin === undefined
            ? event
            : { ...event, name: origin.name, kind: origin.isCustom ? 'custom' : event.kind },
        )
        break
      }
      case 'tool-arguments': {
        const input = this.#inputs.get(keyOf(event))
        if (input === undefined) output.push(event)
        else input.text += event.text
        break
      }
      case 'finish':
        this.#close(event.choice, output)
        output.push(event)
        break
      default:
        output.push(event)
    }
  }

  #close(choice: number, output: StreamEvent[]): void {
    for (const [key, input] of this.#inputs) {
      if (input.choice !== choice) continue
      this.#inputs.delete(key)
      const text = customInput(input.text)
      if (text !== '') output.push({ type: 'tool-arguments', choice, index: input.index, text })
    }
  }
}

function keyOf({ choice, index }: { readonly choice: number; readonly index: number }): string {
  return `${choice}:${index}`
}
