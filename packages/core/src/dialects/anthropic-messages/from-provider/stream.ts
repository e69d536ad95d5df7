import { append } from '../../../foundation/lists.ts'
import {
  argumentsEvent,
  type CallKind,
  callKindOf,
  customInputOf,
  toolCallEvent,
} from '../../claude/streamed-calls.ts'
import { serializeArguments } from '../../claude/tool-input.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamReader } from '../../model/stream.ts'
import type { StreamEvent } from '../../model/events.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { mapAnnotation } from './citations.ts'
import { errorInAnswer, invalidAnswer, plainError } from './errors.ts'
import { mapFinishReason } from './finish.ts'
import { asObject, asText, parseJson, parseObject } from '../../wire/json.ts'
import { DIALECT } from '../names.ts'
import { mergeUsage, mapUsage } from './usage.ts'

const NOTHING: readonly StreamEvent[] = []

/** A content block between its start and its stop. */
interface Block {
  readonly kind: 'text' | 'thinking' | 'provider-tool' | CallKind
  /** The block as it started. */
  readonly start: JsonObject
  /** Position among the tool calls of the answer, which is not that of the block. */
  readonly toolIndex: number
  /** Position of a text block's first character in the answer's text. */
  readonly textStart: number
  /** Input so far, for blocks that are of use only when they are whole. */
  input: string
  /** A fragment of input has been passed on. */
  hasInput: boolean
  signature: string
  citations: unknown[] | undefined
}

/**
 * Reads the events of one streamed message. Blocks are identified by their index only while they
 * are open; tool calls get indexes of their own, because text, thinking and the provider's own
 * tools take indexes too.
 */
export class MessageReader implements StreamReader {
  readonly #call: CallContext
  readonly #open = new Map<unknown, Block>()
  #started = false
  #finished = false
  #stopped = false
  #failed = false
  #answeredInJson = false
  #toolCalls = 0
  #textLength = 0
  #usage: JsonObject | undefined

  constructor(call: CallContext) {
    this.#call = call
  }

  /** The message has stopped and has said why. */
  get complete(): boolean {
    return this.#stopped && this.#finished && !this.#failed
  }

  get endGraceMs(): number | undefined {
    return this.#stopped ? 0 : undefined
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    if (this.#failed || this.#stopped || frame.event === 'ping' || frame.data === '') return NOTHING
    const event = parseObject(frame.data)
    if (event === undefined) return this.#unreadable(frame)
    switch (event.type) {
      case 'content_block_delta':
        return this.#delta(event)
      case 'content_block_start':
        return this.#startBlock(event)
      case 'content_block_stop':
        return this.#stopBlock(event.index)
      case 'message_start':
        return this.#startMessage(event)
      case 'message_delta':
        return this.#messageDelta(event)
      case 'message_stop':
        return this.#stopMessage()
      default:
        return this.#otherEvent(frame, event)
    }
  }

  /**
   * Servers that imitate this dialect end with `[DONE]` now and then, and some report an error as
   * bare text.
   */
  #unreadable(frame: SseFrame): readonly StreamEvent[] {
    if (frame.data === '[DONE]') return NOTHING
    this.#failed = true
    const { provider } = this.#call
    if (frame.event === 'error') return [{ type: 'error', error: plainError(frame.data, provider) }]
    return [
      {
        type: 'error',
        error: invalidAnswer('sent a stream event that is not a JSON object', provider),
      },
    ]
  }

  #otherEvent(frame: SseFrame, event: JsonObject): readonly StreamEvent[] {
    const error = errorInAnswer(
      frame.event === 'error' ? { ...event, type: 'error' } : event,
      this.#call.provider,
    )
    if (error === undefined) return NOTHING
    this.#failed = true
    return [{ type: 'error', error }]
  }

  /**
   * Proxies that splice streams repeat this event: the answer begins once, the usage is replaced.
   */
  #startMessage(event: JsonObject): readonly StreamEvent[] {
    const message = asObject(event.message)
    const events: StreamEvent[] = []
    if (!this.#started) {
      this.#started = true
      events.push({ type: 'start', id: asText(message?.id), model: asText(message?.model) })
    }
    this.#pushUsage(asObject(message?.usage), events)
    return events
  }

  #pushUsage(native: JsonObject | undefined, events: StreamEvent[]): void {
    if (native === undefined) return
    this.#usage = mergeUsage(this.#usage, native)
    const usage = mapUsage(this.#usage)
    if (usage !== undefined) events.push({ type: 'usage', usage })
  }

  #messageDelta(event: JsonObject): readonly StreamEvent[] {
    const events: StreamEvent[] = []
    const finish = this.#finished
      ? undefined
      : mapFinishReason(asObject(event.delta) ?? {}, { calledTools: this.#toolCalls > 0 })
    if (finish !== undefined) {
      this.#closeBlocks(events)
      this.#finished = true
      events.push({ type: 'finish', choice: 0, finish })
    }
    this.#pushUsage(asObject(event.usage), events)
    return events
  }

  #stopMessage(): readonly StreamEvent[] {
    const events: StreamEvent[] = []
    this.#closeBlocks(events)
    this.#stopped = true
    return events
  }

  #closeBlocks(events: StreamEvent[]): void {
    for (const index of this.#open.keys()) append(events, this.#stopBlock(index))
  }

  #startBlock(event: JsonObject): readonly StreamEvent[] {
    const start = asObject(event.content_block)
    if (start === undefined) return NOTHING
    // A spliced stream may reuse the index of a block that was never stopped.
    const events = [...this.#stopBlock(event.index)]
    const block = this.#openBlock(start)
    this.#open.set(event.index, block)
    switch (block.kind) {
      case 'text':
        if (Array.isArray(start.citations) && start.citations.length > 0)
          block.citations = [...start.citations]
        this.#pushText(asText(start.text), events)
        break
      case 'thinking': {
        const text = asText(start.thinking)
        if (text !== undefined) events.push({ type: 'reasoning', choice: 0, text })
        break
      }
      case 'tool':
      case 'custom-tool':
        events.push(
          toolCallEvent({
            id: asText(start.id) ?? this.#call.newId('toolu_'),
            wireName: asText(start.name) ?? '',
            index: block.toolIndex,
          }),
        )
        break
      case 'json-answer':
        this.#answeredInJson = true
        break
      case 'ignored': {
        const value = start.type === 'redacted_thinking' ? asText(start.data) : undefined
        if (value === undefined) break
        events.push({
          type: 'reasoning-signature',
          choice: 0,
          signature: { origin: DIALECT, value },
          redacted: true,
        })
      }
    }
    return events
  }

  #openBlock(start: JsonObject): Block {
    const kind = this.#kindOf(start)
    const isCall = kind === 'tool' || kind === 'custom-tool'
    return {
      kind,
      start,
      toolIndex: isCall ? this.#toolCalls++ : -1,
      textStart: this.#textLength,
      input: '',
      hasInput: false,
      signature: asText(start.signature) ?? '',
      citations: undefined,
    }
  }

  #kindOf(start: JsonObject): Block['kind'] {
    switch (start.type) {
      case 'text':
      case 'thinking':
        return start.type
      case 'redacted_thinking':
        return 'ignored'
      case 'tool_use':
        return callKindOf(asText(start.name) ?? '', this.#answeredInJson)
      default:
        return 'provider-tool'
    }
  }

  #delta(event: JsonObject): readonly StreamEvent[] {
    const block = this.#open.get(event.index)
    const delta = event.delta as JsonObject | null | undefined
    if (block === undefined || delta === null || delta === undefined) return NOTHING
    switch (delta.type) {
      case 'text_delta': {
        const { text } = delta
        if (typeof text !== 'string' || text === '') return NOTHING
        this.#textLength += text.length
        return [{ type: 'text', choice: 0, text }]
      }
      case 'input_json_delta':
        return this.#inputDelta(block, delta.partial_json)
      case 'thinking_delta': {
        const text = delta.thinking
        return typeof text === 'string' && text !== ''
          ? [{ type: 'reasoning', choice: 0, text }]
          : NOTHING
      }
      case 'signature_delta':
        block.signature = asText(delta.signature) ?? block.signature
        return NOTHING
      case 'citations_delta':
        block.citations ??= []
        block.citations.push(delta.citation)
        return NOTHING
      default:
        return NOTHING
    }
  }

  #inputDelta(block: Block, text: unknown): readonly StreamEvent[] {
    if (typeof text !== 'string' || text === '') return NOTHING
    switch (block.kind) {
      case 'tool':
        block.hasInput = true
        return [argumentsEvent(block.toolIndex, text)]
      case 'json-answer':
        block.hasInput = true
        this.#textLength += text.length
        return [{ type: 'text', choice: 0, text }]
      default:
        block.input += text
        return NOTHING
    }
  }

  #pushText(text: string | undefined, events: StreamEvent[]): void {
    if (text === undefined) return
    this.#textLength += text.length
    events.push({ type: 'text', choice: 0, text })
  }

  #stopBlock(index: unknown): readonly StreamEvent[] {
    const block = this.#open.get(index)
    if (block === undefined) return NOTHING
    this.#open.delete(index)
    switch (block.kind) {
      case 'text':
        return this.#citations(block)
      case 'thinking':
        if (block.signature === '') return NOTHING
        return [
          {
            type: 'reasoning-signature',
            choice: 0,
            signature: { origin: DIALECT, value: block.signature },
          },
        ]
      case 'tool':
        // No fragment came: the input stood in the start, or there is none, which is `{}`.
        if (block.hasInput) return NOTHING
        return [argumentsEvent(block.toolIndex, serializeArguments(block.start.input))]
      case 'custom-tool':
        return [argumentsEvent(block.toolIndex, customInputOf(block.input, block.start.input))]
      case 'json-answer': {
        const events: StreamEvent[] = []
        if (!block.hasInput) this.#pushText(serializeArguments(block.start.input), events)
        return events
      }
      case 'provider-tool':
        return [
          {
            type: 'part',
            choice: 0,
            part: { type: 'extension', dialect: DIALECT, value: wholeBlock(block) },
          },
        ]
      case 'ignored':
        return NOTHING
    }
  }

  #citations(block: Block): readonly StreamEvent[] {
    if (block.citations === undefined) return NOTHING
    const passage = { start: block.textStart, end: this.#textLength }
    const value = block.citations.flatMap((citation) => mapAnnotation(citation, passage) ?? [])
    return value.length === 0 ? NOTHING : [{ type: 'annotations', choice: 0, value }]
  }
}

/** Block of a tool the provider runs, with the input that came in fragments. */
function wholeBlock(block: Block): JsonObject {
  if (block.input === '') return block.start
  const parsed = parseJson(block.input)
  return { ...block.start, input: parsed === undefined ? block.input : parsed.value }
}
