import { GatewayError } from '../../../errors.ts'
import { CUSTOM_TOOL_INPUT } from '../../claude/tool-input.ts'
import type { Signature } from '../../model/conversation.ts'
import type { StreamEvent } from '../../model/events.ts'
import type { Finish } from '../../model/finish.ts'
import type { RenderContext, StreamRenderer } from '../../model/stream.ts'
import type { Usage } from '../../model/usage.ts'
import { asObject, textOfValue } from '../../wire/json.ts'
import { carrySignature } from '../carried-signature.ts'
import { DIALECT } from '../names.ts'
import {
  callSignatureBlock,
  mapCitation,
  messageHead,
  renderUsage,
  thinkingBlock,
  toolUseBlock,
} from './answer.ts'
import { renderStreamError } from './errors.ts'
import { stopFields } from './finish.ts'

type Of<Type extends StreamEvent['type']> = Extract<StreamEvent, { type: Type }>
type CallEvent = Of<'tool-call'>

/** Held back in memory, at most; a provider that sends more behind a tool call is broken. */
const MAX_HELD_CHARACTERS = 32 * 1024 * 1024

/**
 * A custom tool's input is text; on the wire it is the one field of an object, streamed from quote
 * to quote.
 */
const CUSTOM_INPUT_START = `{${JSON.stringify(CUSTOM_TOOL_INPUT)}:"`
const CUSTOM_INPUT_END = '"}'

/**
 * Writes events as those of a streamed message. Runs once for every token: what a block's deltas
 * begin with is put together when it opens.
 *
 * Blocks never overlap in this dialect, while other providers send the arguments of several calls
 * in turns and never say that one is whole (arguments that parse may still go on). So the first
 * call is streamed as it comes, and what begins after it is held until the answer ends: in most
 * answers nothing, in one with parallel calls the second and further ones, which no client can act
 * on before the end anyway.
 */
export class MessageRenderer implements StreamRenderer {
  readonly #context: RenderContext
  #head: { readonly id?: string | undefined; readonly model?: string | undefined } = {}
  #started = false
  /** The kind of the block being written. */
  #open: 'text' | 'thinking' | 'call' | undefined
  /** Beginning of every delta of the open block, up to its text. */
  #deltaHead = ''
  #index = -1
  #liveCall: CallEvent | undefined
  #held: StreamEvent[] = []
  #heldCharacters = 0
  #calledTools = false
  #refusal = ''
  #finish: Finish | undefined
  #ended = false
  #usage: Usage | undefined

  constructor(context: RenderContext) {
    this.#context = context
  }

  event(event: StreamEvent): string {
    switch (event.type) {
      case 'start':
        this.#head = { id: event.id, model: event.model }
        return ''
      case 'usage':
        this.#usage = event.usage
        return ''
      case 'error':
        return ''
      default:
        return event.choice === 0 && !this.#ended ? this.#content(event) : ''
    }
  }

  end(): string {
    const tail = this.#endContent()
    const delta = stopFields({
      finish: this.#finish,
      calledTools: this.#calledTools,
      refusal: this.#refusal,
    })
    return `${tail}${frame('message_delta', { delta, usage: renderUsage(this.#usage) })}${frame('message_stop', {})}`
  }

  fail(error: GatewayError): string {
    return renderStreamError(error, this.#context.requestId)
  }

  #content(event: Exclude<StreamEvent, Of<'start' | 'usage' | 'error'>>): string {
    if (event.type === 'text' && this.#open === 'text') return this.#delta(event.text)
    if (event.type === 'finish') {
      this.#finish = event.finish
      return this.#endContent()
    }
    if (event.type === 'refusal') {
      this.#refusal += event.text
      return ''
    }
    if (this.#liveCall === undefined) return this.#write(event)
    if (event.type === 'tool-arguments' && event.index === this.#liveCall.index)
      return this.#serializeArguments(this.#liveCall, event.text)
    this.#hold(event)
    return ''
  }

  #hold(event: StreamEvent): void {
    this.#held.push(event)
    if ('text' in event) this.#heldCharacters += event.text.length
    if (this.#heldCharacters > MAX_HELD_CHARACTERS) {
      throw new GatewayError(
        'answer_too_large',
        `The provider sent more than ${MAX_HELD_CHARACTERS} characters behind a tool call.`,
      )
    }
  }

  /** Nothing further comes: what is open ends, what was held is written. */
  #endContent(): string {
    if (this.#ended) return ''
    let output = this.#opening() + this.#close()
    this.#ended = true
    const held = this.#held
    this.#held = []
    const inputs = inputsOf(held)
    for (const event of held) {
      output += this.#write(event)
      if (event.type === 'tool-call')
        output += this.#serializeArguments(event, inputs.get(event.index) ?? '') + this.#close()
    }
    return output + this.#close()
  }

  /** An event in its turn; arguments of held calls have been written with their calls. */
  #write(event: StreamEvent): string {
    switch (event.type) {
      case 'text':
        return event.text === '' ? '' : this.#inBlock('text') + this.#delta(event.text)
      case 'reasoning':
        return event.text === '' ? '' : this.#inBlock('thinking') + this.#delta(event.text)
      case 'reasoning-signature':
        return this.#signature(event.signature, event.redacted === true)
      case 'tool-call':
        return this.#call(event)
      case 'annotations':
        return this.#citations(event.value)
      case 'part': {
        const value =
          event.part.type === 'extension' && event.part.dialect === DIALECT
            ? asObject(event.part.value)
            : undefined
        return value === undefined ? '' : this.#wholeBlock(value)
      }
      default:
        return ''
    }
  }

  /** `message_start`, once: late enough to tell the usage a provider states at the beginning. */
  #opening(): string {
    if (this.#started) return ''
    this.#started = true
    const message = {
      ...messageHead(this.#head, this.#context),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: renderUsage(this.#usage ?? this.#estimate()),
    }
    return frame('message_start', { message })
  }

  /**
   * Most providers tell the usage at the end; clients of this dialect read that of the input here.
   */
  #estimate(): Usage | undefined {
    const inputTokens = this.#context.estimateInput?.()
    return inputTokens === undefined ? undefined : { inputTokens, outputTokens: 0 }
  }

  #inBlock(kind: 'text' | 'thinking'): string {
    if (this.#open === kind) return ''
    const output = this.#start(kind === 'text' ? { type: 'text', text: '' } : EMPTY_THINKING)
    this.#open = kind
    this.#deltaHead = deltaHead(
      this.#index,
      kind === 'text' ? '"text_delta","text"' : '"thinking_delta","thinking"',
    )
    return output
  }

  #start(block: object): string {
    const before = this.#opening() + this.#close()
    this.#index += 1
    return `${before}${frame('content_block_start', { index: this.#index, content_block: block })}`
  }

  #delta(text: string): string {
    return `${this.#deltaHead}${JSON.stringify(text)}}}\n\n`
  }

  #close(): string {
    if (this.#open === undefined) return ''
    let last = ''
    if (this.#open === 'thinking') last = this.#signatureDelta(carrySignature(undefined))
    else if (this.#open === 'call' && this.#liveCall?.kind === 'custom')
      last = this.#delta(CUSTOM_INPUT_END)
    this.#open = undefined
    return last + this.#stop()
  }

  #stop(): string {
    return frame('content_block_stop', { index: this.#index })
  }

  #signatureDelta(signature: string): string {
    return frame('content_block_delta', {
      index: this.#index,
      delta: { type: 'signature_delta', signature },
    })
  }

  /**
   * Ends the thinking before it, if any; clients add up a signature from its delta, not from the
   * start of a block.
   */
  #signature(signature: Signature, isRedacted: boolean): string {
    if (isRedacted)
      return this.#wholeBlock(
        thinkingBlock({ type: 'reasoning', text: '', signature, redacted: true }),
      )
    return this.#inBlock('thinking') + this.#signed(carrySignature(signature))
  }

  #signed(signature: string): string {
    this.#open = undefined
    return this.#signatureDelta(signature) + this.#stop()
  }

  #wholeBlock(block: object): string {
    return this.#start(block) + this.#stop()
  }

  #call(event: CallEvent): string {
    this.#calledTools = true
    const proof =
      event.signature === undefined
        ? ''
        : this.#inOwnThinking(textOfValue(callSignatureBlock(event).signature))
    const output = `${proof}${this.#start(toolUseBlock(event))}`
    this.#liveCall = event
    this.#open = 'call'
    this.#deltaHead = deltaHead(this.#index, '"input_json_delta","partial_json"')
    return event.kind === 'custom' ? output + this.#delta(CUSTOM_INPUT_START) : output
  }

  #inOwnThinking(signature: string): string {
    return this.#close() + this.#inBlock('thinking') + this.#signed(signature)
  }

  #serializeArguments(call: CallEvent, text: string): string {
    if (text === '') return ''
    return this.#delta(call.kind === 'custom' ? JSON.stringify(text).slice(1, -1) : text)
  }

  /** They belong to the text they follow; where that has ended there is no place for them. */
  #citations(annotations: readonly unknown[]): string {
    if (this.#open !== 'text') return ''
    const citations = annotations.flatMap((annotation) => mapCitation(annotation))
    return citations
      .map(({ citation }) =>
        frame('content_block_delta', {
          index: this.#index,
          delta: { type: 'citations_delta', citation },
        }),
      )
      .join('')
  }
}

const EMPTY_THINKING = { type: 'thinking', thinking: '', signature: '' }

/** Official clients see only events that are named. */
function frame(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

function deltaHead(index: number, delta: string): string {
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":${delta}:`
}

/** The arguments of each held call, put together. */
function inputsOf(held: readonly StreamEvent[]): ReadonlyMap<number, string> {
  const fragments = new Map<number, string[]>()
  for (const event of held) {
    if (event.type !== 'tool-arguments') continue
    const list = fragments.get(event.index)
    if (list === undefined) fragments.set(event.index, [event.text])
    else list.push(event.text)
  }
  return new Map([...fragments].map(([index, list]) => [index, list.join('')]))
}
