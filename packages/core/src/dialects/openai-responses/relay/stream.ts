import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { ReasoningSeen, RenderContext } from '../../model/stream.ts'
import type { RelayOptions, StreamRelay } from '../../model/relay.ts'
import type { StreamEvent } from '../../model/events.ts'
import type { Finish } from '../../model/finish.ts'
import { asObject, parseObject, asText } from '../../wire/json.ts'
import { parseFrames, type SseFrame, SseSplitter } from '../../wire/sse.ts'
import type { Usage } from '../../model/usage.ts'
import { ResponsesReader } from '../from-provider/stream.ts'
import { errorEvent, responseError } from '../to-client/errors.ts'
import { OutputSoFar } from '../to-client/output-so-far.ts'
import { responseObject, type ResponseState, stateFields } from '../to-client/response-object.ts'
import { EventWriter } from '../to-client/stream-items.ts'

const BLANK_LINE = Buffer.from('\n\n')
const NOTHING: Uint8Array = Buffer.alloc(0)

/**
 * A streamed response on its way from a provider of this dialect to a client of it. Blocks of plain
 * fragments are forwarded unread; everything else is read as the client side reads it, and
 * forwarded as it came.
 *
 * That a response was created, waits or is being worked on is held back until something of the
 * answer follows: providers say so before they look at quotas and limits, and until then another
 * target may still answer. Comments and pings wait with it.
 */
export class ResponsesStreamRelay implements StreamRelay {
  events = 0
  hasContent = false
  error: GatewayError | undefined
  usage: Usage | undefined
  readonly finishes: Finish[] = []
  readonly #reader: ResponsesReader
  readonly #splitter: SseSplitter
  readonly #render: RenderContext
  readonly #maxHeldBytes: number
  /**
   * Events without content of the answer. They wait for content: forwarded at once, they would
   * count as progress.
   */
  #held: Uint8Array = NOTHING
  /** The last event that told the state of the whole response. */
  #state: string | undefined
  /** Output so far, when the gateway may have to end the stream. */
  readonly #output: OutputSoFar | undefined
  /** The last forwarded event, which holds the last sequence number. */
  #last: Uint8Array | undefined

  constructor({ call, render, maxEventBytes, isCuttable }: RelayOptions) {
    this.#output = isCuttable === true ? new OutputSoFar() : undefined
    this.#reader = new ResponsesReader(call)
    this.#splitter = new SseSplitter(maxEventBytes)
    this.#render = render
    this.#maxHeldBytes = maxEventBytes
  }

  get complete(): boolean {
    return this.#reader.complete
  }

  get endGraceMs(): number | undefined {
    return this.#reader.endGraceMs
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    const block = this.#splitter.push(chunk)
    return block === undefined ? undefined : this.#relay(block)
  }

  flush(): Uint8Array | undefined {
    const rest = this.#splitter.rest()
    // Without its blank line an event may be cut off in the middle: this one is read, whatever it
    // is.
    return rest === undefined ? undefined : this.#read(Buffer.concat([rest, BLANK_LINE]))
  }

  /** The provider has sent its own end. */
  end(): string {
    return ''
  }

  get outputEstimate(): number {
    return this.#output?.tokens ?? this.events
  }

  get reasoningSeen(): ReasoningSeen {
    return this.#output?.reasoningSeen
  }

  cut(inputTokens: number): string | undefined {
    if (this.#output === undefined)
      throw new TypeError('This stream was not opened as one that may be cut.')
    if (this.complete) return undefined
    const writer = new EventWriter(lastNumber(this.#last) + 1)
    const items = this.#output.end(writer)
    const usage: Usage = { inputTokens, outputTokens: this.#output.tokens }
    const state: ResponseState = {
      status: 'incomplete',
      incompleteReason: 'max_output_tokens',
      output: this.#output.items,
      usage,
    }
    const { status, incomplete_details, output, usage: told } = stateFields(this.#render, state)
    const response = {
      ...(stateOf(this.#state) ?? responseObject(this.#render, state)),
      status,
      incomplete_details,
      output,
      usage: told,
    }
    this.finishes.push({ reason: 'length' })
    return items + writer.writeObject('response.incomplete', { response })
  }

  fail(error: GatewayError): string {
    const writer = new EventWriter(lastNumber(this.#last) + 1)
    const response =
      failed(this.#state, error) ??
      responseObject(this.#render, { status: 'failed', output: [], error: responseError(error) })
    return (
      writer.writeObject('error', errorEvent(error)) +
      writer.writeObject('response.failed', { response })
    )
  }

  #relay(block: Uint8Array): Uint8Array | undefined {
    if (!this.hasContent || !isPlain(block) || this.complete || this.error !== undefined)
      return this.#read(block)
    this.events += 1
    if (this.#output !== undefined) for (const frame of parseFrames(block)) this.#output.take(frame)
    return this.#forward(block)
  }

  #read(block: Uint8Array): Uint8Array | undefined {
    if (this.complete || this.error !== undefined) return undefined
    const seen = this.events
    const frames = parseFrames(block)
    const passing = frames.filter((frame) => this.#passes(frame))
    if (passing.length === 0 && frames.length > 0) return undefined
    const bytes =
      passing.length === frames.length ? block : Buffer.from(passing.map(textOfFrame).join(''))
    if (this.events > seen) return this.#forward(bytes)
    this.#hold(bytes)
    return undefined
  }

  #hold(bytes: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, bytes])
    if (this.#held.length > this.#maxHeldBytes) {
      throw new GatewayError(
        'upstream_invalid',
        `The provider sent more than ${this.#maxHeldBytes} bytes of stream events without answering.`,
      )
    }
  }

  #forward(bytes: Uint8Array): Uint8Array {
    this.#last = bytes
    if (this.#held.length === 0) return bytes
    const all = Buffer.concat([this.#held, bytes])
    this.#held = NOTHING
    return all
  }

  /** Looks at an event. False when the client gets nothing of it. */
  #passes(frame: SseFrame): boolean {
    // Events after the end or an error are not part of the answer; imitations of this dialect end
    // with `[DONE]`.
    if (this.complete || this.error !== undefined || frame.data === '[DONE]' || frame.data === '')
      return false
    this.#output?.take(frame)
    for (const event of this.#reader.read(frame)) {
      this.hasContent ||= 'choice' in event && !ABOUT_CONTENT.has(event.type)
      if (event.type === 'error') this.error = event.error
      else if (event.type === 'finish') this.finishes.push(event.finish)
      else if (event.type === 'usage') this.usage = event.usage
    }
    if (this.error !== undefined) return false
    const type = typeOf(frame)
    if (OPENING.has(type)) this.#state = frame.data
    else if (!ALIVE.has(type)) {
      this.events += 1
      this.hasContent ||= !this.complete && beginsWork(type, frame)
    }
    return true
  }
}

/** Events about the response as a whole, before and while it is made. */
const OPENING: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
])
/** Events that say nothing but that the provider is still there. */
const ALIVE: ReadonlySet<string> = new Set(['keepalive', 'ping'])

/** Events of the neutral model that say something about content, and are none. */
const ABOUT_CONTENT: ReadonlySet<StreamEvent['type']> = new Set([
  'logprobs',
  'annotations',
  'finish',
])

/**
 * Whether the event is about output of another kind than words: calls, searches, images. Those that
 * a message or a reasoning opens with are not.
 */
function beginsWork(type: string, frame: SseFrame): boolean {
  if (!type.startsWith('response.') || WORDS.test(type)) return false
  const { item } = parseObject(frame.data) ?? {}
  const kind = asText(asObject(item)?.type)
  return kind !== 'message' && kind !== 'reasoning'
}

const WORDS = /^response\.(?:content_part|output_text|refusal|reasoning\w*)\./

function typeOf(frame: SseFrame): string {
  return frame.event ?? asText(parseObject(frame.data)?.type) ?? ''
}

function textOfFrame({ event, data }: SseFrame): string {
  const named = event === undefined ? '' : `event: ${event}\n`
  return `${named}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`
}

/** The number of the last event in a block; -1 when there is none. */
function lastNumber(block: Uint8Array | undefined): number {
  const frame = block === undefined ? undefined : parseFrames(block).at(-1)
  const number = frame === undefined ? undefined : parseObject(frame.data)?.sequence_number
  return typeof number === 'number' ? number : -1
}

/** The response as the provider last told it. */
function stateOf(event: string | undefined): JsonObject | undefined {
  return event === undefined ? undefined : asObject(parseObject(event)?.response)
}

/** The same, now failed. */
function failed(state: string | undefined, error: GatewayError): JsonObject | undefined {
  const response = stateOf(state)
  return response === undefined
    ? undefined
    : { ...response, status: 'failed', error: responseError(error) }
}

/** The names of all events that add a fragment end so, and nothing else happens in them. */
const FRAGMENT = '.delta'

/**
 * A block of nothing but fragments, each on lines of its own: `event: response.(...).delta` and
 * `data: {...}`.
 */
function isPlain(block: Uint8Array): boolean {
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1')
  // Inside a string its quotes would be escaped.
  if (text.includes('"error":')) return false
  for (let at = 0; at < text.length;) {
    if (!text.startsWith('event: response.', at)) return false
    const name = text.indexOf('\n', at)
    if (!text.endsWith(FRAGMENT, name)) return false
    const end = text.indexOf('\n', name + 1)
    if (!text.startsWith('data: {', name + 1) || text[end - 1] !== '}' || text[end + 1] !== '\n')
      return false
    at = end + 2
  }
  return true
}
