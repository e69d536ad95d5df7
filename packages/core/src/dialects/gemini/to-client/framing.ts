import type { ChatRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'

/**
 * How a stream's chunks reach the client: as server-sent events, or as the elements of one JSON
 * array for clients that did not ask for events. The array is closed whatever happens, so that it
 * can always be parsed.
 */
export class ChunkFraming {
  readonly #isArray: boolean
  #isOpen = false

  constructor(request: Pick<ChatRequest, 'streamType'>) {
    this.#isArray = request.streamType !== undefined
  }

  /** Chunks go out as server-sent events, so those of the provider can be forwarded as they are. */
  get isEvents(): boolean {
    return !this.#isArray
  }

  /** One chunk, given as JSON text without line breaks. */
  frame(json: string): string {
    if (!this.#isArray) return `data: ${json}\n\n`
    const separator = this.#isOpen ? ',\n' : '['
    this.#isOpen = true
    return separator + json
  }

  /** Text after the last chunk. */
  end(): string {
    if (!this.#isArray) return ''
    return this.#isOpen ? ']' : '[]'
  }

  /** End of a broken stream: a last chunk that is an error. */
  fail(error: JsonObject): string {
    return this.frame(JSON.stringify(error)) + this.end()
  }
}
