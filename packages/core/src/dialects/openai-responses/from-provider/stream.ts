import type { GatewayError } from '../../../errors.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamReader } from '../../model/stream.ts'
import type { StreamEvent } from '../../model/events.ts'
import { asObject, asObjects, parseObject } from '../../wire/json.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { readHead } from './answer.ts'
import { errorInAnswer, mapFailure, invalidAnswer, plainError } from './errors.ts'
import { mapFinishReason } from './finish.ts'
import { OutputReader } from './stream-items.ts'
import { mapUsage } from './usage.ts'

const NOTHING: readonly StreamEvent[] = []

/**
 * Reads the events of one streamed response. That it was created, waits or is being worked on gives
 * nothing: an exhausted quota is reported after that, and another target may still answer.
 */
export class ResponsesReader implements StreamReader {
  readonly #provider: string
  readonly #output: OutputReader
  #head: ReturnType<typeof readHead> | undefined
  #started = false
  #completed = false
  #failed = false

  constructor(call: CallContext) {
    this.#provider = call.provider
    this.#output = new OutputReader(call)
  }

  /** The response has said how it ended, and that it did not fail. */
  get complete(): boolean {
    return this.#completed
  }

  get endGraceMs(): number | undefined {
    return this.#completed ? 0 : undefined
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    if (this.#failed || this.#completed || frame.data === '') return NOTHING
    const event = parseObject(frame.data)
    if (event === undefined) return this.#unreadable(frame)
    const content = this.#output.read(event)
    if (content !== undefined)
      return content.length === 0 || this.#started ? content : this.#opened(content)
    switch (event.type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#head = readHead(asObject(event.response) ?? {})
        return NOTHING
      case 'response.completed':
        return this.#end(settled(asObject(event.response) ?? {}))
      case 'response.incomplete':
        return this.#end({ ...asObject(event.response), status: 'incomplete' })
      case 'response.failed':
        return this.#fail(
          mapFailure({ ...asObject(event.response), status: 'failed' }, this.#provider),
        )
      default:
        return this.#fail(
          errorInAnswer(
            frame.event === 'error' ? { ...event, type: 'error' } : event,
            this.#provider,
          ),
        )
    }
  }

  #opened(events: readonly StreamEvent[]): readonly StreamEvent[] {
    this.#started = true
    return [{ type: 'start', ...this.#head }, ...events]
  }

  /** Servers that imitate this dialect end with `[DONE]`, and some report an error as bare text. */
  #unreadable(frame: SseFrame): readonly StreamEvent[] {
    if (frame.data === '[DONE]') return NOTHING
    if (frame.event === 'error') return this.#fail(plainError(frame.data, this.#provider))
    return this.#fail(
      invalidAnswer('sent a stream event that is not a JSON object', this.#provider),
    )
  }

  #fail(error: GatewayError | undefined): readonly StreamEvent[] {
    if (error === undefined) return NOTHING
    this.#failed = true
    return [{ type: 'error', error }]
  }

  #end(response: JsonObject): readonly StreamEvent[] {
    const failure = mapFailure(response, this.#provider)
    if (failure !== undefined) return this.#fail(failure)
    this.#completed = true
    this.#head ??= readHead(response)
    const events: StreamEvent[] = [...this.#output.end(asObjects(response.output))]
    events.push({
      type: 'finish',
      choice: 0,
      finish: mapFinishReason(response, { calledTools: this.#output.calledTools }),
    })
    const usage = mapUsage(asObject(response.usage))
    if (usage !== undefined) events.push({ type: 'usage', usage })
    return this.#started ? events : this.#opened(events)
  }
}

/**
 * The event's own name says that the response is no longer worked on, whatever a service left in
 * `status`.
 */
function settled(response: JsonObject): JsonObject {
  const { status } = response
  return status === 'incomplete' || status === 'failed' || status === 'cancelled'
    ? response
    : { ...response, status: 'completed' }
}
