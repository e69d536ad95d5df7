import type { GatewayError } from '../../errors.ts'
import { append } from '../../foundation/lists.ts'
import type { Dialect } from '../model/dialect.ts'
import type { Finish } from '../model/finish.ts'
import type { JsonObject } from '../model/json-object.ts'
import { toErrorFormat } from '../model/operation.ts'
import type { StreamRelay } from '../model/relay.ts'
import type { Usage } from '../model/usage.ts'
import { errorIn } from '../wire/error-in.ts'
import { asList, asObject, asText, parseObject, textOfValue } from '../wire/json.ts'
import { parseFrames, type SseFrame, SseSplitter } from '../wire/sse.ts'
import { UsageTally } from '../wire/usage-fields.ts'
import { finishesOf } from './answer.ts'

export interface EventRelayOptions {
  /** The API both sides speak. */
  readonly api: Dialect
  readonly provider: string
  readonly model: string
  readonly requestId: string
  readonly maxEventBytes: number
  /** Streams of this endpoint end with `[DONE]`. */
  readonly endsWithDone: boolean
}

/**
 * Words one of which is in every event that matters here: an error, a usage, an end. Inside strings
 * their quotes are escaped.
 */
const WORTH_READING =
  /"error"|^error:|^event: ?error|"usage"|"finish_reason": ?"|\[DONE\]|"type": ?"[\w.]+\.(?:done|completed)"/m
const LAST_TYPE = /\.(?:done|completed)$/
const DONE = '[DONE]'
const BLANK_LINE = Buffer.from('\n\n')

/**
 * Relays a stream between two sides of the same API: forwards it unchanged and reads usage, errors
 * and the end.
 */
export class EventRelay implements StreamRelay {
  events = 0
  hasContent = false
  error: GatewayError | undefined
  complete = false
  readonly finishes: Finish[] = []
  readonly #options: EventRelayOptions
  readonly #splitter: SseSplitter
  readonly #tally = new UsageTally()
  #sawDone = false
  #isOver = false

  constructor(options: EventRelayOptions) {
    this.#options = options
    this.#splitter = new SseSplitter(options.maxEventBytes)
  }

  get endGraceMs(): number | undefined {
    return this.#isOver ? 0 : undefined
  }

  get usage(): Usage | undefined {
    return this.#tally.usage
  }

  push(chunk: Uint8Array): Uint8Array | string | undefined {
    const block = this.#splitter.push(chunk)
    return block === undefined ? undefined : this.#relay(block)
  }

  flush(): Uint8Array | string | undefined {
    const rest = this.#splitter.rest()
    return rest === undefined ? undefined : this.#relay(Buffer.concat([rest, BLANK_LINE]))
  }

  end(): string {
    return this.#options.endsWithDone && !this.#sawDone ? `data: ${DONE}\n\n` : ''
  }

  fail(error: GatewayError): string {
    return `data: ${JSON.stringify(toErrorFormat(this.#options.api).renderError(error, this.#options.requestId))}\n\n`
  }

  #relay(block: Uint8Array): Uint8Array | string | undefined {
    const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1')
    if (!WORTH_READING.test(text) && this.hasContent) {
      if (!text.includes('data:')) return undefined
      this.events += 1
      return block
    }
    const frames = parseFrames(block)
    if (frames.length === 0) return undefined
    const failed = frames.findIndex((frame) => this.#read(frame))
    this.events += failed === -1 ? frames.length : failed
    if (failed === -1) return block
    return failed === 0 ? undefined : frames.slice(0, failed).map(frameText).join('')
  }

  /** True when the frame is the provider's error. */
  #read(frame: SseFrame): boolean {
    if (frame.data === DONE) {
      this.#sawDone = true
      this.#isOver = true
      this.complete = true
      return false
    }
    const body = parseObject(frame.data)
    this.error = errorIn(frame, body, this.#options)
    if (this.error !== undefined) return true
    this.hasContent ||= isContent(body)
    if (body !== undefined) this.#observe(body)
    return false
  }

  #observe(body: JsonObject): void {
    this.#tally.add(body)
    append(this.finishes, finishesOf(body))
    const hasFinish = asList(body.choices).some(
      (choice) => typeof asObject(choice)?.finish_reason === 'string',
    )
    const isLast = typeof body.type === 'string' && LAST_TYPE.test(body.type)
    if (hasFinish || isLast) this.complete = true
    // An answer may hold several images, each with its own end.
    if (isLast && !textOfValue(body.type).startsWith('image_')) this.#isOver = true
  }
}

/**
 * A completion has content once it has text; every other event of these endpoints is a piece of the
 * answer.
 */
function isContent(body: JsonObject | undefined): boolean {
  if (body === undefined || !Array.isArray(body.choices)) return true
  return body.choices.some((choice) => asText(asObject(choice)?.text) !== undefined)
}

function frameText({ event, data }: SseFrame): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`
}
