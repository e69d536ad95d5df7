import type { GatewayError } from '../../../errors.ts'
import type { AnswerContext, StreamRenderer } from '../../model/stream.ts'
import type { StreamEvent } from '../../model/events.ts'
import type { Finish } from '../../model/finish.ts'
import type { Usage } from '../../model/usage.ts'
import { refusalOf, renderAudio, renderImage, renderUsage } from './answer.ts'
import { renderStreamError } from './errors.ts'
import {
  extraContentOf,
  reasoningDetail,
  signatureDetail,
} from '../from-provider/reasoning-details.ts'

interface ChoiceState {
  /** `"role":"assistant",...` until the first chunk has carried it. */
  opening: boolean
  finished: boolean
  refused: boolean
  /** Position of the current block of thinking in `reasoning_details`. */
  reasoningIndex: number
  reasoningHasText: boolean
  /** Kinds of the choice's tool calls; a custom tool's input goes by another name. */
  readonly customCalls: Set<number>
}

/**
 * Writes events as `chat.completion.chunk`s. Runs once for every token, so the JSON is put together
 * from strings: what stays the same is serialised once, only what the event brings goes through
 * `JSON.stringify`.
 */
export class ChunkRenderer implements StreamRenderer {
  readonly #context: AnswerContext
  readonly #choices = new Map<number, ChoiceState>()
  readonly #tail: string
  /** `data: {...,"choices":[{"index":`; set by the first event. */
  #head = ''
  #usage: Usage | undefined

  constructor(context: AnswerContext) {
    this.#context = context
    // OpenAI sends `usage` on every chunk once it was requested.
    this.#tail = context.includeUsage ? '}],"usage":null}\n\n' : '}]}\n\n'
  }

  event(event: StreamEvent): string {
    switch (event.type) {
      case 'text':
        return this.#delta(event.choice, `"content":${JSON.stringify(event.text)}`)
      case 'tool-arguments':
        return this.#toolArguments(event)
      case 'reasoning':
        return this.#reasoning(event)
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

  fail(error: GatewayError): string {
    return renderStreamError(error)
  }

  end(): string {
    if (!this.#context.includeUsage || this.#usage === undefined) return 'data: [DONE]\n\n'
    const head = this.#opened().slice(0, -CHOICE_START.length)
    return `${head}"choices":[],"usage":${JSON.stringify(renderUsage(this.#usage))}}\n\ndata: [DONE]\n\n`
  }

  #rareEvent(
    event: Exclude<
      StreamEvent,
      { type: 'text' | 'tool-arguments' | 'reasoning' | 'start' | 'usage' | 'error' }
    >,
  ): string {
    switch (event.type) {
      case 'tool-call':
        return this.#toolCall(event)
      case 'reasoning-signature':
        return this.#signature(event)
      case 'refusal':
        this.#state(event.choice).refused = true
        return this.#delta(event.choice, `"refusal":${JSON.stringify(event.text)}`)
      case 'logprobs':
        return this.#chunk(event.choice, {
          delta: '',
          rest: `,"logprobs":${JSON.stringify(event.value)},"finish_reason":null`,
        })
      case 'annotations':
        return this.#delta(event.choice, `"annotations":${JSON.stringify(event.value)}`)
      case 'part': {
        const [audio] = renderAudio(event.part)
        if (audio !== undefined)
          return this.#delta(event.choice, JSON.stringify(audio).slice(1, -1))
        const images = renderImage(event.part)
        return images.length === 0
          ? ''
          : this.#delta(event.choice, `"images":${JSON.stringify(images)}`)
      }
      case 'finish':
        return this.#finish(event.choice, event.finish)
    }
  }

  #start(event: Extract<StreamEvent, { type: 'start' }>): void {
    if (this.#head !== '') return
    const id = JSON.stringify(event.id ?? `chatcmpl-${this.#context.requestId}`)
    const created = event.created ?? this.#context.created
    const model = JSON.stringify(event.model ?? this.#context.model)
    this.#head = `data: {"id":${id},"object":"chat.completion.chunk","created":${created},"model":${model},${CHOICE_START}`
  }

  #opened(): string {
    if (this.#head === '') this.#start({ type: 'start' })
    return this.#head
  }

  #state(choice: number): ChoiceState {
    let state = this.#choices.get(choice)
    if (state === undefined) {
      state = {
        opening: true,
        finished: false,
        refused: false,
        reasoningIndex: 0,
        reasoningHasText: false,
        customCalls: new Set(),
      }
      this.#choices.set(choice, state)
    }
    return state
  }

  #delta(choice: number, delta: string): string {
    const state = this.#choices.get(choice)
    if (state === undefined || state.opening || this.#head === '')
      return this.#chunk(choice, { delta, rest: ',"finish_reason":null' })
    return `${this.#head}${choice},"delta":{${delta}},"finish_reason":null${this.#tail}`
  }

  #chunk(
    choice: number,
    { delta, rest }: { readonly delta: string; readonly rest: string },
  ): string {
    const state = this.#state(choice)
    let fields = delta
    if (state.opening) {
      state.opening = false
      const opening = delta.startsWith('"content":')
        ? ROLE
        : `${ROLE},${delta.startsWith('"tool_calls":') ? '"content":null' : '"content":""'}`
      fields = delta === '' ? opening : `${opening},${delta}`
    }
    return `${this.#opened()}${choice},"delta":{${fields}}${rest}${this.#tail}`
  }

  #toolCall(event: Extract<StreamEvent, { type: 'tool-call' }>): string {
    const extra = extraContentOf(event.signature)
    const isCustom = event.kind === 'custom'
    if (isCustom) this.#state(event.choice).customCalls.add(event.index)
    const name = JSON.stringify(event.name)
    const target = isCustom
      ? `"custom","custom":{"name":${name},"input":""}`
      : `"function","function":{"name":${name},"arguments":""}`
    const signed = extra === undefined ? '' : `,"extra_content":${JSON.stringify(extra)}`
    return this.#delta(
      event.choice,
      `"tool_calls":[{"index":${event.index},"id":${JSON.stringify(event.id)},"type":${target}${signed}}]`,
    )
  }

  #toolArguments(event: Extract<StreamEvent, { type: 'tool-arguments' }>): string {
    const text = JSON.stringify(event.text)
    const isCustom = this.#choices.get(event.choice)?.customCalls.has(event.index)
    const target = isCustom ? `"custom":{"input":${text}}` : `"function":{"arguments":${text}}`
    return this.#delta(event.choice, `"tool_calls":[{"index":${event.index},${target}}]`)
  }

  #reasoning(event: Extract<StreamEvent, { type: 'reasoning' }>): string {
    const state = this.#state(event.choice)
    state.reasoningHasText = true
    const text = JSON.stringify(event.text)
    const detail = `{"type":"reasoning.text","text":${text},"index":${state.reasoningIndex}}`
    return this.#delta(event.choice, `"reasoning_content":${text},"reasoning_details":[${detail}]`)
  }

  #signature(event: Extract<StreamEvent, { type: 'reasoning-signature' }>): string {
    const state = this.#state(event.choice)
    if (event.redacted && state.reasoningHasText) this.#nextBlock(state)
    const detail = event.redacted
      ? reasoningDetail(
          { type: 'reasoning', text: '', signature: event.signature, redacted: true },
          state.reasoningIndex,
        )
      : signatureDetail(event.signature, {
          index: state.reasoningIndex,
          hasText: state.reasoningHasText,
        })
    this.#nextBlock(state)
    return this.#delta(event.choice, `"reasoning_details":[${JSON.stringify(detail)}]`)
  }

  #nextBlock(state: ChoiceState): void {
    state.reasoningIndex += 1
    state.reasoningHasText = false
  }

  #finish(choice: number, finish: Finish): string {
    const state = this.#state(choice)
    if (state.finished) return ''
    state.finished = true
    const refusal = state.refused ? undefined : refusalOf(finish)
    const native =
      finish.native === undefined ? '' : `,"native_finish_reason":${JSON.stringify(finish.native)}`
    return this.#chunk(choice, {
      delta: refusal === undefined ? '' : `"refusal":${JSON.stringify(refusal)}`,
      rest: `,"finish_reason":"${finish.reason}"${native}`,
    })
  }
}

const CHOICE_START = '"choices":[{"index":'
const ROLE = '"role":"assistant"'
