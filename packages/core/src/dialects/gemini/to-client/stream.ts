import type { GatewayError } from '../../../errors.ts'
import { append } from '../../../foundation/lists.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RenderContext, StreamRenderer } from '../../model/stream.ts'
import type { StreamEvent } from '../../model/events.ts'
import type { Finish } from '../../model/finish.ts'
import type { Usage } from '../../model/usage.ts'
import { renderCall, renderPart, renderReasoning } from './answer-part.ts'
import { renderError } from './errors.ts'
import { renderFinish } from './finish.ts'
import { ChunkFraming } from './framing.ts'
import { renderGrounding } from './grounding.ts'
import { renderLogprobs } from './logprobs.ts'
import { renderUsage } from './usage.ts'

type ToolCallEvent = Extract<StreamEvent, { type: 'tool-call' }>

/** A call whose arguments are still coming: other dialects stream them, this one has them whole. */
interface PendingCall {
  readonly event: ToolCallEvent
  arguments: string
}

interface CandidateState {
  /** The visible text so far, to place citations in. */
  text: string
  /** The last part was a thought, which a signature may end. */
  isThinking: boolean
  /**
   * Parts after the first pending call wait with it: the order of parts is the order in which the
   * model wrote them.
   */
  readonly waiting: (PendingCall | string)[]
  readonly calls: Map<number, PendingCall>
  readonly annotations: unknown[]
  finish: Finish | undefined
}

/**
 * Writes events as GenerateContentResponse chunks. Runs once for every token, so the JSON is put
 * together from strings: what stays the same is serialised once. The finish of every candidate goes
 * out with the last chunk, beside the usage, where clients look for both; so do the calls, which
 * before that might be half.
 */
export class ChunkRenderer implements StreamRenderer {
  readonly #context: RenderContext
  readonly #framing: ChunkFraming
  readonly #candidates = new Map<number, CandidateState>()
  /** `,"modelVersion":...,"responseId":...}`; set by the first event. */
  #tail = ''
  #usage: Usage | undefined

  constructor(context: RenderContext) {
    this.#context = context
    this.#framing = new ChunkFraming(context.request)
  }

  event(event: StreamEvent): string {
    switch (event.type) {
      case 'text':
        this.#state(event.choice).text += event.text
        return this.#part(event.choice, `{"text":${JSON.stringify(event.text)}}`)
      case 'tool-arguments':
        this.#addArguments(event)
        return ''
      case 'reasoning': {
        const chunk = this.#part(
          event.choice,
          `{"text":${JSON.stringify(event.text)},"thought":true}`,
        )
        this.#state(event.choice).isThinking = true
        return chunk
      }
      case 'start':
        this.#start(event)
        return ''
      case 'usage':
        this.#usage = event.usage
        return ''
      case 'error':
        return ''
      default:
        return this.#rareEvent(event)
    }
  }

  end(): string {
    const candidates = [...this.#candidates]
      .toSorted(([a], [b]) => a - b)
      .map(([index, state]) => lastOf(index, state))
    const usage =
      this.#usage === undefined
        ? ''
        : `,"usageMetadata":${JSON.stringify(renderUsage(this.#usage))}`
    return (
      this.#framing.frame(`{"candidates":[${candidates.join(',')}]${usage}${this.#opened()}`) +
      this.#framing.end()
    )
  }

  fail(error: GatewayError): string {
    return this.#framing.fail(renderError(error, this.#context.requestId))
  }

  #rareEvent(
    event: Exclude<
      StreamEvent,
      { type: 'text' | 'tool-arguments' | 'reasoning' | 'start' | 'usage' | 'error' }
    >,
  ): string {
    const state = this.#state(event.choice)
    switch (event.type) {
      case 'tool-call':
        this.#toolCall(state, event)
        return ''
      case 'reasoning-signature':
        return this.#part(event.choice, JSON.stringify(readSignature(event, state)))
      case 'refusal':
        return this.#part(event.choice, `{"text":${JSON.stringify(event.text)}}`)
      case 'logprobs': {
        const logprobs = renderLogprobs(event.value)
        return logprobs === undefined
          ? ''
          : this.#chunk(event.choice, SILENCE, `,"logprobsResult":${JSON.stringify(logprobs)}`)
      }
      case 'annotations':
        append(state.annotations, event.value)
        return ''
      case 'part': {
        const part =
          event.part.type === 'tool-call' ? renderCall(event.part) : renderPart(event.part)
        return part === undefined ? '' : this.#part(event.choice, JSON.stringify(part))
      }
      case 'finish':
        state.finish ??= event.finish
        return ''
    }
  }

  #start(event: Extract<StreamEvent, { type: 'start' }>): void {
    if (this.#tail !== '') return
    const model = JSON.stringify(event.model ?? this.#context.model)
    this.#tail = `,"modelVersion":${model},"responseId":${JSON.stringify(event.id ?? this.#context.requestId)}}`
  }

  #opened(): string {
    if (this.#tail === '') this.#start({ type: 'start' })
    return this.#tail
  }

  #state(choice: number): CandidateState {
    let state = this.#candidates.get(choice)
    if (state === undefined) {
      state = {
        text: '',
        isThinking: false,
        waiting: [],
        calls: new Map(),
        annotations: [],
        finish: undefined,
      }
      this.#candidates.set(choice, state)
    }
    return state
  }

  #part(choice: number, part: string): string {
    const state = this.#state(choice)
    state.isThinking = false
    if (state.waiting.length === 0) return this.#chunk(choice, part, '')
    state.waiting.push(part)
    return ''
  }

  #chunk(choice: number, part: string, rest: string): string {
    return this.#framing.frame(
      `{"candidates":[{"content":{"parts":[${part}],"role":"model"}${rest},"index":${choice}}]${this.#opened()}`,
    )
  }

  #toolCall(state: CandidateState, event: ToolCallEvent): void {
    const call = { event, arguments: '' }
    state.isThinking = false
    state.waiting.push(call)
    state.calls.set(event.index, call)
  }

  #addArguments({ choice, index, text }: Extract<StreamEvent, { type: 'tool-arguments' }>): void {
    const call = this.#state(choice).calls.get(index)
    if (call !== undefined) call.arguments += text
  }
}

const SILENCE = '{"text":""}'

/** A proof of our own dialect that ends no thought stands on an empty text. */
function readSignature(
  { signature, redacted = false }: Extract<StreamEvent, { type: 'reasoning-signature' }>,
  { isThinking }: CandidateState,
): JsonObject {
  const rendered = renderReasoning({ text: '', signature, redacted })
  return isThinking ? { ...rendered, thought: true } : rendered
}

/** End of a candidate: its calls, the parts that waited behind them, and its finish reason. */
function lastOf(index: number, state: CandidateState): string {
  const parts: string[] = []
  let malformedCall: string | undefined
  for (const item of state.waiting) {
    const call =
      typeof item === 'string'
        ? undefined
        : renderCall({ ...item.event, arguments: item.arguments })
    if (typeof item === 'string') parts.push(item)
    else if (call === undefined) malformedCall = item.event.name
    else parts.push(JSON.stringify(call))
  }
  const grounding = renderGrounding(state.annotations, state.text)
  const { finishReason, ...message } = renderFinish(
    state.finish ?? { reason: state.calls.size > 0 ? 'tool_calls' : 'stop' },
    malformedCall,
  )
  const rest = JSON.stringify({
    finishReason,
    index,
    ...message,
    ...(grounding === undefined ? {} : { groundingMetadata: grounding }),
  })
  return `{"content":{"parts":[${parts.length === 0 ? SILENCE : parts.join(',')}],"role":"model"},${rest.slice(1)}`
}
