import { GatewayError } from '../../../errors.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamReader } from '../../model/stream.ts'
import type { StreamEvent } from '../../model/events.ts'
import type { Finish } from '../../model/finish.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { callsSomething, readAnswerContent, readAudio, readFinish, readHead } from './answer.ts'
import { errorOf, reportedError, mapUsage } from './chunk-rules.ts'
import { readImages } from '../from-client/images.ts'
import { mapAnnotations, type Source, sourcesBeside } from './sources-beside.ts'
import { asList, asObject, parseObject, asText } from '../../wire/json.ts'
import { laterUsage, type Usage } from '../../model/usage.ts'
import { reasoningFragmentsOf } from './reasoning-details.ts'
import { ToolDeltas } from './tool-deltas.ts'

interface ChoiceState {
  readonly index: number
  readonly tools: ToolDeltas
  finished: boolean
  /**
   * Text so far, when sources may refer to it; only its length and marks matter.
   */
  text: string
  hasText: boolean
  /** Came before there was a text to annotate. */
  early: unknown[]
  hasAnnotations: boolean
}

/**
 * Reads `chat.completion.chunk`s, leniently: what a service leaves out or repeats never stops a
 * stream.
 */
export class ChunkReader implements StreamReader {
  readonly #call: CallContext
  readonly #choices = new Map<number, ChoiceState>()
  #started = false
  #usage: Usage | undefined
  #sources: readonly Source[] = []
  #done = false
  #failed = false

  constructor(call: CallContext) {
    this.#call = call
  }

  /**
   * Every choice that began has ended. `[DONE]` adds nothing to that: without a `finish_reason` it
   * does not make an answer whole, and many services leave it out.
   */
  get complete(): boolean {
    if (this.#failed || this.#choices.size === 0) return false
    for (const choice of this.#choices.values()) if (!choice.finished) return false
    return true
  }

  /** Usage comes before `[DONE]`, nothing comes after it. */
  get endGraceMs(): number | undefined {
    return this.#done ? 0 : undefined
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    if (this.#failed || this.#done) return []
    const data = frame.data.trim()
    if (data === '') return []
    if (data === '[DONE]') return this.#readDone()
    const body = parseObject(data)
    const { provider } = this.#call
    if (frame.event === 'error') return this.#fail(reportedError(frame, provider))
    if (body === undefined) return this.#fail(malformed(provider))
    const error = errorOf(body, provider)
    return error === undefined ? this.#readChunk(body) : this.#fail(error)
  }

  #fail(error: GatewayError): StreamEvent[] {
    this.#failed = true
    return [{ type: 'error', error }]
  }

  #readDone(): StreamEvent[] {
    this.#done = true
    const events: StreamEvent[] = []
    if (!this.#call.quirks.noFinish) return events
    for (const choice of this.#choices.values()) this.#finish(choice, { events, finish: undefined })
    return events
  }

  #readChunk(body: JsonObject): StreamEvent[] {
    const events: StreamEvent[] = []
    const choices = asList(body.choices)
    // A first chunk without choices may be a filter's report from a service that does not yet know
    // who answers.
    if (!this.#started && choices.length > 0) {
      this.#started = true
      events.push({ type: 'start', ...readHead(body) })
    }
    if (body.citations !== undefined || body.search_results !== undefined)
      this.#sources = sourcesBeside(body)
    for (const item of choices) {
      const choice = asObject(item)
      if (choice !== undefined) this.#readChoice(choice, events)
    }
    const usage = mapUsage(body)
    if (usage !== undefined && laterUsage(this.#usage, usage) === usage) {
      this.#usage = usage
      events.push({ type: 'usage', usage })
    }
    return events
  }

  #readChoice(choice: JsonObject, events: StreamEvent[]): void {
    const state = this.#state(choice.index)
    const delta = asObject(choice.delta)
    if (delta !== undefined) this.#readDelta(delta, { state, events })
    const { logprobs } = choice
    if (logprobs !== undefined && logprobs !== null)
      events.push({ type: 'logprobs', choice: state.index, value: logprobs })
    const finish = readFinish(choice, {
      calledTools: state.tools.any,
      exact: this.#call.quirks.exact === true,
    })
    if (finish !== undefined) this.#finish(state, { events, finish })
  }

  #state(given: unknown): ChoiceState {
    const index = typeof given === 'number' && Number.isSafeInteger(given) && given >= 0 ? given : 0
    let state = this.#choices.get(index)
    if (state === undefined) {
      state = {
        index,
        tools: new ToolDeltas(index, this.#call.newId),
        finished: false,
        text: '',
        hasText: false,
        early: [],
        hasAnnotations: false,
      }
      this.#choices.set(index, state)
    }
    return state
  }

  #readDelta(
    delta: JsonObject,
    { state, events }: { readonly state: ChoiceState; readonly events: StreamEvent[] },
  ): void {
    const choice = state.index
    const fragments = reasoningFragmentsOf(delta)
    const annotations = asList(delta.annotations)
    // A proof ends the text that they are of.
    const areFirst = state.hasText && fragments.length > 0
    if (annotations.length > 0 && areFirst) this.#annotate(annotations, { state, events })
    for (const fragment of fragments) {
      if ('text' in fragment) events.push({ type: 'reasoning', choice, text: fragment.text })
      else if (fragment.redacted)
        events.push({
          type: 'reasoning-signature',
          choice,
          signature: fragment.signature,
          redacted: true,
        })
      else events.push({ type: 'reasoning-signature', choice, signature: fragment.signature })
    }
    if (typeof delta.content === 'string') {
      if (delta.content !== '') {
        events.push({ type: 'text', choice, text: delta.content })
        this.#annotateEarly(state, events)
        if (this.#sources.length > 0) state.text += delta.content
      }
    } else {
      for (const part of readAnswerContent(delta.content)) {
        if (part.type === 'text' || part.type === 'reasoning' || part.type === 'refusal') {
          if (part.text !== '') events.push({ type: part.type, choice, text: part.text })
        } else events.push({ type: 'part', choice, part })
      }
    }
    const refusal = asText(delta.refusal)
    if (refusal !== undefined) events.push({ type: 'refusal', choice, text: refusal })
    for (const call of asList(delta.tool_calls)) state.tools.take(asObject(call) ?? {}, events)
    const legacy = asObject(delta.function_call)
    if (legacy !== undefined && (state.tools.any || callsSomething({ function: legacy })))
      state.tools.take({ function: legacy }, events)
    if (annotations.length > 0 && !areFirst) this.#annotate(annotations, { state, events })
    for (const part of [...readImages(delta.images), ...readAudio(delta.audio)])
      events.push({ type: 'part', choice, part })
  }

  /** They belong to a text: those that come before it wait for it. */
  #annotate(
    annotations: readonly unknown[],
    { state, events }: { readonly state: ChoiceState; readonly events: StreamEvent[] },
  ): void {
    if (!state.hasText) {
      state.early = [...state.early, ...annotations]
      return
    }
    state.hasAnnotations = true
    events.push({ type: 'annotations', choice: state.index, value: annotations })
  }

  #annotateEarly(state: ChoiceState, events: StreamEvent[]): void {
    state.hasText = true
    if (state.early.length === 0) return
    const { early } = state
    state.early = []
    this.#annotate(early, { state, events })
  }

  /** The first finish counts; some services repeat it with the usage. */
  #finish(
    choice: ChoiceState,
    { events, finish }: { readonly events: StreamEvent[]; readonly finish: Finish | undefined },
  ): void {
    if (choice.finished) return
    choice.finished = true
    if (this.#sources.length > 0 && !choice.hasAnnotations && choice.early.length === 0)
      choice.early = mapAnnotations(this.#sources, choice.text)
    this.#annotateEarly(choice, events)
    choice.tools.finish(events)
    events.push({
      type: 'finish',
      choice: choice.index,
      finish: finish ?? { reason: choice.tools.any ? 'tool_calls' : 'stop' },
    })
  }
}

function malformed(provider: string): GatewayError {
  return new GatewayError(
    'upstream_invalid',
    `${provider} sent a stream event that is not a JSON object.`,
    { provider },
  )
}
