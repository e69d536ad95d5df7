import { GatewayError } from '../../../errors.ts'
import type { CallContext } from '../../model/call.ts'
import type { ChatRequest } from '../../model/request.ts'
import type { RelayOptions, StreamRelay } from '../../model/relay.ts'
import type { Finish } from '../../model/finish.ts'
import { asObjects, parseObject } from '../../wire/json.ts'
import { parseFrames, type SseFrame, SseSplitter } from '../../wire/sse.ts'
import type { Usage } from '../../model/usage.ts'
import { AnswerObserver, hasContent } from '../from-provider/answer-observer.ts'
import { errorInAnswer } from '../from-provider/errors.ts'
import { renderError } from '../to-client/errors.ts'
import { ChunkFraming } from '../to-client/framing.ts'
import { readUsage } from '../from-provider/usage.ts'

const BLANK_LINE = Buffer.from('\n\n')

/**
 * A stream on its way from the provider to a client of the same dialect. A block in which nothing
 * ends, fails or is called is forwarded unread; so are the bytes of every other one, once they have
 * been looked at. Usage is on every chunk and grows, so only the last one is read.
 */
export class GenerateStreamRelay implements StreamRelay {
  events = 0
  hasContent = false
  error: GatewayError | undefined
  readonly #call: CallContext
  readonly #requestId: string
  readonly #splitter: SseSplitter
  readonly #framing: ChunkFraming
  readonly #observer: AnswerObserver
  /** Only with one candidate is it known whose content an unread block holds. */
  readonly #mayPassUnread: boolean
  #usage: Usage | undefined
  /** The last block whose usage was not read yet. */
  #uncounted: Uint8Array | undefined

  constructor(request: ChatRequest, { call, render, maxEventBytes }: RelayOptions) {
    this.#call = call
    this.#requestId = render.requestId
    this.#splitter = new SseSplitter(maxEventBytes)
    this.#framing = new ChunkFraming(request)
    this.#observer = new AnswerObserver(call.provider)
    this.#mayPassUnread = this.#framing.isEvents && !asksForSeveral(request)
  }

  get usage(): Usage | undefined {
    if (this.#uncounted !== undefined) {
      for (const frame of parseFrames(this.#uncounted))
        this.#usage = readUsage(parseObject(frame.data)?.['usageMetadata']) ?? this.#usage
      this.#uncounted = undefined
    }
    return this.#usage
  }

  get finishes(): readonly Finish[] {
    return this.#observer.finishes
  }

  get complete(): boolean {
    return this.error === undefined && this.#observer.complete
  }

  get endGraceMs(): number | undefined {
    return this.error === undefined ? this.#observer.endGraceMs : undefined
  }

  push(chunk: Uint8Array): Uint8Array | string | undefined {
    const block = this.#splitter.push(chunk)
    if (block === undefined) return undefined
    if (!this.hasContent || !this.#mayPassUnread || !isPlain(block)) return this.#read(block)
    this.events += 1
    this.#observer.noteContent()
    this.#uncounted = block
    return block
  }

  flush(): Uint8Array | string | undefined {
    const rest = this.#splitter.rest()
    return rest === undefined ? undefined : this.#read(Buffer.concat([rest, BLANK_LINE]))
  }

  end(): string {
    return this.#framing.end()
  }

  fail(error: GatewayError): string {
    return this.#framing.fail(renderError(error, this.#requestId))
  }

  /**
   * The block as it came when all of it is for the client, otherwise those of its events that are.
   */
  #read(block: Uint8Array): Uint8Array | string | undefined {
    const frames = parseFrames(block)
    const kept: SseFrame[] = []
    for (const frame of frames) {
      if (this.#observe(frame)) kept.push(frame)
      if (this.error !== undefined) break
    }
    if (kept.length === 0) return this.#framing.isEvents && isLineFeed(block) ? block : undefined
    if (this.#framing.isEvents && kept.length === frames.length) return block
    return kept.map(({ data }) => this.#framing.frame(oneLine(data))).join('')
  }

  /** Whether the client gets the event. */
  #observe({ event, data }: SseFrame): boolean {
    // Services that imitate the API end with OpenAI's word, on which this API's clients choke.
    if (data === '' || data === '[DONE]') return false
    const chunk = parseObject(data)
    if (event === 'error')
      this.error = errorInAnswer(chunk?.['error'] ?? chunk ?? data, this.#call.provider)
    else if (chunk === undefined)
      this.error = new GatewayError(
        'upstream_invalid',
        `${this.#call.provider} sent a stream event that is no JSON object.`,
      )
    else this.error = this.#observer.observe(chunk)
    if (this.error !== undefined) return false
    this.events += 1
    this.hasContent ||= asObjects(chunk?.['candidates']).some(hasContent)
    const usage = readUsage(chunk?.['usageMetadata'])
    if (usage !== undefined) {
      this.#usage = usage
      this.#uncounted = undefined
    }
    return true
  }
}

const LF = 10

/**
 * The second half of a CRLF that the network cut in two; without it clients would not see the end
 * of the event before.
 */
function isLineFeed(block: Uint8Array): boolean {
  return block.length === 1 && block[0] === LF
}

function asksForSeveral({ body }: ChatRequest): boolean {
  const config = body['generationConfig'] ?? body['generation_config']
  const { candidateCount, candidate_count: snake } = (config ?? {}) as Record<string, unknown>
  return Number(candidateCount ?? snake ?? 1) > 1
}

/** Line breaks between the pieces of a JSON text mean nothing, but would end the client's event. */
function oneLine(json: string): string {
  return json.includes('\n') ? JSON.stringify(JSON.parse(json)) : json
}

const WATCHED = /"(?:finishReason|functionCall|error|promptFeedback)"/

/**
 * Whole events of content and nothing else. Inside a string the quotes of these words would be
 * escaped, so their bytes stand for the keys themselves, or for a harmless value that is then
 * looked at in vain.
 */
function isPlain(block: Uint8Array): boolean {
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1')
  if (WATCHED.test(text)) return false
  // No line break is ever inside the JSON of a data line: each event must be one such line and
  // nothing else.
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at)
    if (end === -1 || !text.startsWith('data: {"candidates"', at)) return false
    const isCrlf = text[end - 1] === '\r'
    if (
      text[isCrlf ? end - 2 : end - 1] !== '}' ||
      !text.startsWith(isCrlf ? '\r\n' : '\n', end + 1)
    )
      return false
    at = end + (isCrlf ? 3 : 2)
  }
  return true
}
