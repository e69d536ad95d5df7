import { append } from '../../../foundation/lists.ts'
import {
  argumentsEvent,
  type CallKind,
  callKindOf,
  customInputOf,
  toolCallEvent,
} from '../../claude/streamed-calls.ts'
import { serializeArguments } from '../../claude/tool-input.ts'
import { type CallContext, USAGE_GRACE_MS } from '../../model/call.ts'
import type { StreamEvent } from '../../model/events.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamReader } from '../../model/stream.ts'
import { asObject, asObjects, asText, isObject, parseObject, textOfValue } from '../../wire/json.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { DIALECT } from '../names.ts'
import { joinBase64 } from './binary.ts'
import { mapAnnotation } from './citations.ts'
import { exceptionInStream, invalidAnswer } from './errors.ts'
import { EXCEPTION } from './event-stream.ts'
import { isMalformed, mapFinishReason } from './finish.ts'
import { isRunByProvider, providersToolPart } from './providers-tool.ts'
import { mapUsage } from './usage.ts'

const NOTHING: readonly StreamEvent[] = []

/** A content block between its first event and its stop. */
interface Block {
  readonly kind: 'text' | 'reasoning' | 'provider-tool' | CallKind
  /** First fields of the block. */
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
  /** Base64 that comes in pieces: encrypted reasoning, an image. */
  readonly pieces: string[]
  readonly citations: unknown[]
  /** Content of a tool's result, where the provider runs the tool. */
  readonly results: JsonObject[]
}

/**
 * Reads the events of one streamed message. Text and reasoning have no start of their own, some
 * models never stop a block, and indexes have gaps: blocks are identified by index while they are
 * open, tool calls get indexes of their own.
 */
export class ConverseReader implements StreamReader {
  readonly #call: CallContext
  readonly #open = new Map<unknown, Block>()
  #started = false
  #finished = false
  #failed = false
  #answeredInJson = false
  #hasMetadata = false
  #toolCalls = 0
  #textLength = 0

  constructor(call: CallContext) {
    this.#call = call
  }

  /** The message has stopped and has said why; the usage that follows is about it, not of it. */
  get complete(): boolean {
    return this.#finished && !this.#failed
  }

  /** `metadata`, with the usage, follows `messageStop` and is the last event. */
  get endGraceMs(): number | undefined {
    if (!this.complete) return undefined
    return this.#hasMetadata ? 0 : USAGE_GRACE_MS
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    if (this.#failed) return NOTHING
    if (frame.event?.startsWith(EXCEPTION) === true)
      return this.#fail(
        exceptionInStream(frame.event.slice(EXCEPTION.length), frame.data, this.#call.provider),
      )
    const event = parseObject(frame.data)
    if (event === undefined)
      return this.#fail(
        invalidAnswer('sent a stream event that is not a JSON object', this.#call.provider),
      )
    const events: StreamEvent[] = []
    this.#take(frame.event, event, events)
    // The answer begins with its first word: an exception before that leaves every other target
    // open.
    if (this.#started || events.length === 0 || events[0]?.type === 'error') return events
    this.#started = true
    return [{ type: 'start' }, ...events]
  }

  #take(type: string | undefined, event: JsonObject, events: StreamEvent[]): void {
    switch (type) {
      case 'contentBlockDelta':
        this.#delta(event, events)
        break
      case 'contentBlockStart':
        this.#startBlock(event, events)
        break
      case 'contentBlockStop':
        this.#stopBlock(event.contentBlockIndex, events)
        break
      case 'messageStop':
        this.#stopMessage(event, events)
        break
      case 'metadata': {
        this.#hasMetadata = true
        const usage = mapUsage(asObject(event.usage))
        if (usage !== undefined) events.push({ type: 'usage', usage })
      }
    }
  }

  #fail(error: Extract<StreamEvent, { type: 'error' }>['error']): readonly StreamEvent[] {
    this.#failed = true
    return [{ type: 'error', error }]
  }

  #stopMessage(event: JsonObject, events: StreamEvent[]): void {
    if (this.#finished) return
    for (const index of this.#open.keys()) this.#stopBlock(index, events)
    if (isMalformed(event)) {
      append(
        events,
        this.#fail(
          invalidAnswer(
            `got output from its model that cannot be read (${textOfValue(event.stopReason)})`,
            this.#call.provider,
          ),
        ),
      )
      return
    }
    this.#finished = true
    events.push({
      type: 'finish',
      choice: 0,
      finish: mapFinishReason(event, { calledTools: this.#toolCalls > 0 }),
    })
  }

  #startBlock(event: JsonObject, events: StreamEvent[]): void {
    const start = asObject(event.start) ?? {}
    const use = asObject(start.toolUse)
    const index = event.contentBlockIndex
    if (use === undefined) {
      // The others say nothing at their start: text, as some servers announce it.
      if (isObject(start.toolResult) || isObject(start.image))
        this.#openBlock(index, { kind: 'provider-tool', start }, events)
      return
    }
    const block = this.#openBlock(index, { kind: this.#kindOf(use), start }, events)
    if (block.kind === 'json-answer') this.#answeredInJson = true
    if (block.kind !== 'tool' && block.kind !== 'custom-tool') return
    events.push(
      toolCallEvent({
        id: asText(use.toolUseId) ?? this.#call.newId('tooluse_'),
        wireName: asText(use.name) ?? '',
        index: block.toolIndex,
      }),
    )
  }

  #kindOf(use: JsonObject): Block['kind'] {
    return isRunByProvider(use)
      ? 'provider-tool'
      : callKindOf(asText(use.name) ?? '', this.#answeredInJson)
  }

  #openBlock(
    index: unknown,
    { kind, start }: Pick<Block, 'kind' | 'start'>,
    events: StreamEvent[],
  ): Block {
    this.#stopBlock(index, events)
    // Text and reasoning end with what follows, whether they were stopped or not; calls may run
    // side by side.
    for (const [other, { kind: open }] of this.#open)
      if (open === 'text' || open === 'reasoning') this.#stopBlock(other, events)
    const isCall = kind === 'tool' || kind === 'custom-tool'
    const block: Block = {
      kind,
      start,
      toolIndex: isCall ? this.#toolCalls++ : -1,
      textStart: this.#textLength,
      input: '',
      hasInput: false,
      signature: '',
      pieces: [],
      citations: [],
      results: [],
    }
    this.#open.set(index, block)
    return block
  }

  /** The open block of this index; one that began without saying so begins here. */
  #blockFor(index: unknown, kind: 'text' | 'reasoning', events: StreamEvent[]): Block {
    const block = this.#open.get(index)
    return block?.kind === kind ? block : this.#openBlock(index, { kind, start: {} }, events)
  }

  #delta(event: JsonObject, events: StreamEvent[]): void {
    const delta = event.delta as JsonObject | null | undefined
    if (delta === null || delta === undefined) return
    const index = event.contentBlockIndex
    if (typeof delta.text === 'string') {
      this.#blockFor(index, 'text', events)
      this.#pushText(delta.text, events)
    } else if (isObject(delta.toolUse)) this.#inputDelta(index, delta.toolUse.input, events)
    else if (isObject(delta.reasoningContent))
      this.#reasoningDelta(
        this.#blockFor(index, 'reasoning', events),
        delta.reasoningContent,
        events,
      )
    else if (isObject(delta.citation))
      this.#blockFor(index, 'text', events).citations.push(delta.citation)
    else this.#providersDelta(index, delta)
  }

  #pushText(text: string, events: StreamEvent[]): void {
    if (text === '') return
    this.#textLength += text.length
    events.push({ type: 'text', choice: 0, text })
  }

  #reasoningDelta(block: Block, reasoning: JsonObject, events: StreamEvent[]): void {
    const text = asText(reasoning.text)
    if (text !== undefined) events.push({ type: 'reasoning', choice: 0, text })
    block.signature += asText(reasoning.signature) ?? ''
    const piece = asText(reasoning.redactedContent)
    if (piece !== undefined) block.pieces.push(piece)
  }

  #inputDelta(index: unknown, text: unknown, events: StreamEvent[]): void {
    const block = this.#open.get(index)
    if (block === undefined || typeof text !== 'string' || text === '') return
    switch (block.kind) {
      case 'tool':
        block.hasInput = true
        events.push(argumentsEvent(block.toolIndex, text))
        break
      case 'json-answer':
        block.hasInput = true
        this.#pushText(text, events)
        break
      default:
        block.input += text
    }
  }

  #providersDelta(index: unknown, delta: JsonObject): void {
    const block = this.#open.get(index)
    const piece = asText(asObject(asObject(delta.image)?.source)?.bytes)
    if (piece !== undefined) block?.pieces.push(piece)
    if (block !== undefined) append(block.results, asObjects(delta.toolResult))
  }

  #stopBlock(index: unknown, events: StreamEvent[]): void {
    const block = this.#open.get(index)
    if (block === undefined) return
    this.#open.delete(index)
    switch (block.kind) {
      case 'text':
        this.#citations(block, events)
        break
      case 'reasoning':
        if (block.signature !== '')
          events.push({
            type: 'reasoning-signature',
            choice: 0,
            signature: { origin: DIALECT, value: block.signature },
          })
        if (block.pieces.length > 0)
          events.push({
            type: 'reasoning-signature',
            choice: 0,
            signature: { origin: DIALECT, value: joinBase64(block.pieces) },
            redacted: true,
          })
        break
      case 'tool':
        // No fragment came: there is no input, which is `{}`.
        if (!block.hasInput)
          events.push(argumentsEvent(block.toolIndex, serializeArguments(undefined)))
        break
      case 'custom-tool':
        events.push(argumentsEvent(block.toolIndex, customInputOf(block.input, undefined)))
        break
      case 'json-answer':
        if (!block.hasInput) this.#pushText(serializeArguments(undefined), events)
        break
      case 'provider-tool':
        events.push({ type: 'part', choice: 0, part: providersToolPart(block) })
        break
      case 'ignored':
    }
  }

  #citations(block: Block, events: StreamEvent[]): void {
    const passage = { start: block.textStart, end: this.#textLength }
    const value = block.citations.flatMap((citation) => mapAnnotation(citation, passage) ?? [])
    if (value.length > 0) events.push({ type: 'annotations', choice: 0, value })
  }
}
