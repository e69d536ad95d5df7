import { GatewayError } from '../../../errors.ts'
import type { CallContext } from '../../model/call.ts'
import type { ChatRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RelayOptions, StreamRelay } from '../../model/relay.ts'
import type { Finish } from '../../model/finish.ts'
import { parseFrames, type SseFrame, SseSplitter } from '../../wire/sse.ts'
import { laterUsage, type Usage } from '../../model/usage.ts'
import { chunkHasContent } from '../from-provider/chunk-content.ts'
import { errorOf, mapFinishReason, reportedError, mapUsage } from '../from-provider/chunk-rules.ts'
import { renderStreamError } from '../to-client/errors.ts'
import { asList, asObject, parseObject, asText } from '../../wire/json.ts'
import { finishReason, repairContent } from './repair.ts'
import { StreamedToolCalls } from './tools.ts'

interface StreamedChoice {
  readonly tools: StreamedToolCalls
  finished: boolean
}

const BLANK_LINE = Buffer.from('\n\n')

/**
 * A chat completion stream on its way from one OpenAI-compatible side to the other. A block of
 * plain deltas from a service that follows the letter is forwarded unread; finish, usage, errors
 * and everything from services that deviate are parsed, and rewritten only where they differ.
 */
export class ChatStreamRelay implements StreamRelay {
  events = 0
  hasContent = false
  error: GatewayError | undefined
  usage: Usage | undefined
  readonly finishes: Finish[] = []
  readonly #call: CallContext
  readonly #includeUsage: boolean
  readonly #expectedChoices: number
  readonly #splitter: SseSplitter
  readonly #choices = new Map<number, StreamedChoice>()
  /**
   * One answer has one id, one model and one time; the first chunk of some services has none of
   * them yet.
   */
  readonly #head: JsonObject = {
    id: undefined,
    object: 'chat.completion.chunk',
    created: 0,
    model: undefined,
  }
  readonly #fallbackId: string
  /** Fields that came without a choice before the first id, held until that id. */
  #nameless: JsonObject | undefined
  #done = false
  #usageSent = false

  constructor(request: ChatRequest, options: Pick<RelayOptions, 'call' | 'maxEventBytes'>) {
    this.#call = options.call
    this.#fallbackId = options.call.newId('chatcmpl-')
    this.#includeUsage = request.includeUsage
    this.#expectedChoices = typeof request.body.n === 'number' ? request.body.n : 1
    this.#splitter = new SseSplitter(options.maxEventBytes)
  }

  get complete(): boolean {
    if (this.#call.quirks.noFinish) return this.#done
    let finished = 0
    for (const choice of this.#choices.values()) {
      if (!choice.finished) return false
      finished += 1
    }
    return finished >= this.#expectedChoices
  }

  get endGraceMs(): number | undefined {
    return this.#done ? 0 : undefined
  }

  push(chunk: Uint8Array): Uint8Array | string | undefined {
    const block = this.#splitter.push(chunk)
    return block === undefined ? undefined : this.#relay(block)
  }

  flush(): Uint8Array | string | undefined {
    const rest = this.#splitter.rest()
    // Without its blank line an event may be cut off in the middle: this one is parsed, even from
    // exact providers.
    return rest === undefined ? undefined : this.#read(Buffer.concat([rest, BLANK_LINE]))
  }

  end(): string {
    let tail = ''
    if (this.#call.quirks.noFinish)
      for (const [index, choice] of this.#choices)
        if (!choice.finished) tail += this.#inventedFinish(index, choice)
    if (this.#includeUsage && !this.#usageSent && this.usage !== undefined) {
      tail += `data: ${JSON.stringify({ ...this.#pinHead({}), choices: [], usage: this.usage.native })}\n\n`
    }
    return `${tail}data: [DONE]\n\n`
  }

  fail(error: GatewayError): string {
    return renderStreamError(error)
  }

  #inventedFinish(index: number, choice: StreamedChoice): string {
    const reason = choice.tools.any ? 'tool_calls' : 'stop'
    const calls = choice.tools.finish()
    const delta = calls.length > 0 ? { tool_calls: calls } : {}
    this.finishes.push({ reason })
    return `data: ${JSON.stringify({ ...this.#pinHead({}), choices: [{ index, delta, finish_reason: reason }] })}\n\n`
  }

  #relay(block: Uint8Array): Uint8Array | string | undefined {
    if (this.#call.quirks.exact && isPlain(block)) {
      this.events += 1
      this.hasContent ||= parseFrames(block).some(({ data }) =>
        chunkHasContent(parseObject(data) ?? {}),
      )
      return block
    }
    return this.#read(block)
  }

  #read(block: Uint8Array): string | undefined {
    let output = ''
    for (const frame of parseFrames(block)) {
      const text = this.#take(frame)
      if (this.error !== undefined) break
      output += text
    }
    return output === '' ? undefined : output
  }

  #take(frame: SseFrame): string {
    if (frame.data === '[DONE]') {
      this.#done = true
      // Ours is written by `end`, once the answer is known to be whole.
      return ''
    }
    if (frame.data === '' || this.#done) return ''
    const chunk = parseObject(frame.data)
    if (frame.event === 'error') this.error = reportedError(frame, this.#call.provider)
    else if (chunk === undefined)
      this.error = new GatewayError(
        'upstream_invalid',
        `${this.#call.provider} sent a stream event that is not a JSON object.`,
      )
    else this.error = errorOf(chunk, this.#call.provider)
    if (this.error !== undefined || chunk === undefined) return ''
    this.events += 1
    this.hasContent ||= chunkHasContent(chunk)
    this.usage = laterUsage(this.usage, mapUsage(chunk))
    const exact = this.#call.quirks.exact === true
    const keep = this.#readChoices(chunk)
    if (exact) return this.#relayExact(chunk, frame)
    return keep ? this.#relayMended(chunk) : ''
  }

  #relayMended(chunk: JsonObject): string {
    if (this.#head.id === undefined && asList(chunk.choices).length === 0) {
      this.#nameless = { ...this.#nameless, ...chunk }
      return ''
    }
    this.#head.id ??= this.#fallbackId
    const earlier =
      this.#nameless === undefined
        ? ''
        : `data: ${JSON.stringify({ ...this.#nameless, ...this.#pinHead({}) })}\n\n`
    this.#nameless = undefined
    return `${earlier}data: ${JSON.stringify(chunk)}\n\n`
  }

  #relayExact(chunk: JsonObject, frame: SseFrame): string {
    if (chunk.usage) {
      if (!this.#includeUsage && asList(chunk.choices).length === 0) return ''
      this.#usageSent = true
    }
    return `data: ${frame.data.replaceAll('\n', '\ndata: ')}\n\n`
  }

  /** Records finishes and mends the chunk in place. False when the client gets nothing of it. */
  #readChoices(chunk: JsonObject): boolean {
    const choices = asList(chunk.choices)
    if (this.#call.quirks.exact) {
      for (const item of choices) this.#recordFinish(asObject(item))
      return true
    }
    Object.assign(chunk, this.#pinHead(chunk))
    const kept = choices.filter((item, at) => this.#repairChoice(asObject(item), at))
    chunk.choices = kept
    // Some services repeat a growing usage on every chunk; the client gets the last one, once.
    const hadUsage = chunk.usage !== undefined && chunk.usage !== null
    if (chunk.usage !== undefined) delete chunk.usage
    // It says nothing, or it would have ended the stream; clients take any value but null for an
    // error.
    if (chunk.error !== undefined) delete chunk.error
    return kept.length > 0 || (choices.length === 0 && !hadUsage)
  }

  #pinHead(chunk: JsonObject): JsonObject {
    const head = this.#head
    head.id ??= asText(chunk.id)
    head.model ??= asText(chunk.model)
    if (head.created === 0 && typeof chunk.created === 'number')
      head.created = Math.floor(chunk.created)
    return {
      ...head,
      id: head.id ?? this.#fallbackId,
      created: head.created === 0 ? (this.#call.created ?? 0) : head.created,
      model: head.model ?? this.#call.model,
    }
  }

  #recordFinish(choice: JsonObject | undefined): void {
    if (choice === undefined) return
    const state = this.#choice(typeof choice.index === 'number' ? choice.index : 0)
    const finish = mapFinishReason(choice.finish_reason)
    if (finish === undefined || state.finished) return
    state.finished = true
    this.finishes.push(finish)
  }

  #repairChoice(choice: JsonObject | undefined, at: number): boolean {
    if (choice === undefined) return false
    const index = typeof choice.index === 'number' ? choice.index : at
    const isFirst = !this.#choices.has(index)
    const state = this.#choice(index)
    // A second finish chunk says nothing new; OpenAI sends exactly one.
    if (state.finished) return false
    const delta = asObject(choice.delta) ?? {}
    repairContent(delta)
    if (delta.content === undefined && isFirst) delta.content = ''
    if (isFirst) delta.role = 'assistant'
    else delete delta.role
    const finish = mapFinishReason(choice.finish_reason)
    const calls = [
      ...state.tools.take(asList(delta.tool_calls)),
      ...(finish === undefined ? [] : state.tools.finish()),
    ]
    if (calls.length > 0) delta.tool_calls = calls
    else delete delta.tool_calls
    const reason = finishReason(choice.finish_reason, state.tools.any)
    choice.index = index
    choice.delta = delta
    choice.finish_reason = reason
    delete choice.message
    if (reason !== null) {
      state.finished = true
      this.finishes.push({ ...finish, ...nativeOf(choice), reason })
    }
    return true
  }

  #choice(index: number): StreamedChoice {
    let choice = this.#choices.get(index)
    if (choice === undefined) {
      choice = { tools: new StreamedToolCalls(this.#call), finished: false }
      this.#choices.set(index, choice)
    }
    return choice
  }
}

/**
 * A block of deltas in which nothing ends, fails or is counted. Only for services that write JSON
 * as OpenAI does, without spaces: another style simply fails the first test and is parsed.
 */
function isPlain(block: Uint8Array): boolean {
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1')
  if (!text.includes('"finish_reason":null') || text.includes('"error"')) return false
  if (
    text.includes('"finish_reason":"') ||
    text.includes('"usage":{') ||
    text.includes('"choices":[]')
  )
    return false
  // No line break is ever inside the JSON of a data line: each event must be one such line and
  // nothing else.
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at)
    if (!text.startsWith('data: {', at) || text[end - 1] !== '}' || text[end + 1] !== '\n')
      return false
    at = end + 2
  }
  return true
}

function nativeOf(choice: JsonObject): { native?: string } {
  const native = asText(choice.native_finish_reason)
  return native === undefined ? {} : { native }
}
