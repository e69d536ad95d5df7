import type { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RelayOptions, StreamRelay } from '../../model/relay.ts'
import type { Finish } from '../../model/finish.ts'
import { asObject, parseObject, asText } from '../../wire/json.ts'
import { parseFrames, type SseFrame, SseSplitter } from '../../wire/sse.ts'
import type { Usage } from '../../model/usage.ts'
import { hasContent } from '../from-provider/block-content.ts'
import { errorInAnswer, invalidAnswer, plainError } from '../from-provider/errors.ts'
import { mapFinishReason } from '../from-provider/finish.ts'
import { renderStreamError } from '../to-client/errors.ts'
import { mergeUsage, mapUsage } from '../from-provider/usage.ts'

const BLANK_LINE = Buffer.from('\n\n')

/** The frame for the client: as it is, with its missing name, or none. */
type Verdict = 'as it is' | 'nothing' | 'named'

/**
 * Relays a streamed message between two sides of this dialect. Content that follows the
 * letter is forwarded unread; the start, the end, errors and whatever deviates are parsed, and
 * rewritten only when official clients would fail: events without a name, and a second
 * `message_start`.
 *
 * `message_start` and pings are no answer yet: an overloaded provider sends them before it says so.
 * They are held back until a block begins, so that another target may still take over.
 */
export class MessageStreamRelay implements StreamRelay {
  events = 0
  hasContent = false
  error: GatewayError | undefined
  readonly finishes: Finish[] = []
  readonly #provider: string
  readonly #requestId: string
  readonly #splitter: SseSplitter
  #usage: JsonObject | undefined
  readonly #maxHeldBytes: number
  #held: Buffer[] = []
  #heldBytes = 0
  #started = false
  #stopped = false

  constructor({ call, render, maxEventBytes }: RelayOptions) {
    this.#provider = call.provider
    this.#requestId = render.requestId
    this.#splitter = new SseSplitter(maxEventBytes)
    this.#maxHeldBytes = maxEventBytes
  }

  /** The message has stopped and has said why. */
  get complete(): boolean {
    return this.#stopped && this.finishes.length > 0
  }

  get endGraceMs(): number | undefined {
    return this.#stopped ? 0 : undefined
  }

  get usage(): Usage | undefined {
    return mapUsage(this.#usage)
  }

  push(chunk: Uint8Array): Uint8Array | string | undefined {
    const block = this.#splitter.push(chunk)
    if (block === undefined) return undefined
    if (!this.hasContent || this.#stopped || !isPlain(block)) return this.#read(block)
    this.events += 1
    return block
  }

  flush(): Uint8Array | string | undefined {
    const rest = this.#splitter.rest()
    if (rest === undefined) return undefined
    // Without its blank line an event may be cut off in the middle; where its data has not come, it
    // is none.
    const block = Buffer.concat([rest, BLANK_LINE])
    return parseFrames(block).length === 0 ? undefined : this.#read(block)
  }

  end(): string {
    return ''
  }

  fail(error: GatewayError): string {
    return renderStreamError(error, this.#requestId)
  }

  #read(block: Uint8Array): Uint8Array | string | undefined {
    const frames = parseFrames(block)
    const verdicts: Verdict[] = []
    for (const frame of frames) {
      const verdict = this.#take(frame)
      if (this.error !== undefined) break
      verdicts.push(verdict)
    }
    const isWhole =
      verdicts.length === frames.length && verdicts.every((verdict) => verdict === 'as it is')
    const output = isWhole
      ? block
      : frames.map((frame, at) => textOfFrame(frame, verdicts[at] ?? 'nothing')).join('')
    return output.length === 0 ? undefined : this.#release(output)
  }

  /** Forwards what was held with the first content. */
  #release(output: Uint8Array | string): Uint8Array | string | undefined {
    if (this.events > 0 && this.#held.length === 0) return output
    this.#held.push(Buffer.from(output))
    this.#heldBytes += output.length
    if (this.events === 0) {
      if (this.#heldBytes > this.#maxHeldBytes)
        throw invalidAnswer('began no answer, and would not stop', this.#provider)
      return undefined
    }
    const whole = Buffer.concat(this.#held)
    this.#held = []
    return whole
  }

  #take(frame: SseFrame): Verdict {
    // Servers that imitate this dialect end with `[DONE]` now and then.
    if (this.#stopped || frame.data === '[DONE]') return 'nothing'
    if (frame.event === 'ping') return 'as it is'
    const event = parseObject(frame.data)
    if (event === undefined) {
      this.error =
        frame.event === 'error'
          ? plainError(frame.data, this.#provider)
          : invalidAnswer('sent a stream event that is not a JSON object', this.#provider)
      return 'nothing'
    }
    if (frame.event === 'error')
      this.error = errorInAnswer({ ...event, type: 'error' }, this.#provider)
    return this.error === undefined ? this.#observe(frame, event) : 'nothing'
  }

  #observe(frame: SseFrame, event: JsonObject): Verdict {
    switch (event.type) {
      case 'message_start':
        return this.#startMessage(frame, event)
      case 'message_delta':
        this.events += 1
        this.#addUsage(event.usage)
        this.#end(asObject(event.delta) ?? {})
        break
      case 'message_stop':
        this.events += 1
        this.#stopped = true
        break
      case 'ping':
        break
      case 'content_block_start':
      case 'content_block_delta':
      case 'content_block_stop':
        this.events += 1
        this.hasContent ||= hasContent(event)
        break
      default:
        this.error = errorInAnswer(event, this.#provider)
    }
    return named(frame)
  }

  /** Proxies that splice streams repeat this event, which official clients take for an error. */
  #startMessage(frame: SseFrame, event: JsonObject): Verdict {
    this.#addUsage(asObject(event.message)?.usage)
    const isRepeated = this.#started
    this.#started = true
    return isRepeated ? 'nothing' : named(frame)
  }

  /** Cumulative: what comes later replaces what came before. */
  #addUsage(value: unknown): void {
    const usage = asObject(value)
    if (usage !== undefined) this.#usage = mergeUsage(this.#usage, usage)
  }

  #end(delta: JsonObject): void {
    const finish = mapFinishReason(delta, { calledTools: true })
    if (finish !== undefined && this.finishes.length === 0) this.finishes.push(finish)
  }
}

function named(frame: SseFrame): Verdict {
  return frame.event === undefined ? 'named' : 'as it is'
}

function textOfFrame({ event, data }: SseFrame, verdict: Verdict): string {
  if (verdict === 'nothing') return ''
  const name = event ?? asText(parseObject(data)?.type)
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`
}

const CONTENT = 'event: content_block_'
const DATA = 'data: {'

/**
 * A block of content in which no message begins, fails, ends or is counted. Only as the service
 * itself writes it, one line for the name and one for the data: another style fails the test and is
 * parsed. Inside strings quotes are escaped, so what a model says of errors is none.
 */
function isPlain(block: Uint8Array): boolean {
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1')
  if (
    text.includes('"error":') ||
    text.includes('"type":"error"') ||
    text.includes('"type":"message_')
  )
    return false
  for (let at = 0; at < text.length;) {
    if (!text.startsWith(CONTENT, at)) return false
    const data = text.indexOf('\n', at) + 1
    const end = text.indexOf('\n', data)
    if (
      data === 0 ||
      !text.startsWith(DATA, data) ||
      text[end - 1] !== '}' ||
      text[end + 1] !== '\n'
    )
      return false
    at = end + 2
  }
  return true
}
