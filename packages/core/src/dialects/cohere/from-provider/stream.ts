import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamReader } from '../../model/stream.ts'
import type { StreamEvent } from '../../model/events.ts'
import { foreignError } from '../../wire/foreign-error.ts'
import { asObject, parseObject, asText } from '../../wire/json.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { serializeArguments, mayBeNone } from '../arguments.ts'
import { mapAnnotations } from './citations.ts'
import { detailOf, invalidAnswer, readError } from './errors.ts'
import { mapFailure, mapFinishReason } from './finish.ts'
import { mapUsage } from './usage.ts'

const NOTHING: readonly StreamEvent[] = []
const DONE = '[DONE]'

/**
 * Reads the events of one streamed answer. Usage comes with the end; `[DONE]` may follow it and
 * says nothing new.
 */
export class ChatReader implements StreamReader {
  readonly #call: CallContext
  #toolCalls = 0
  /**
   * Beginning of the last call's arguments, held back while they may still be empty; `undefined`
   * once they flow.
   */
  #doubtful: string | undefined
  #state: 'running' | 'ended' | 'failed' = 'running'

  constructor(call: CallContext) {
    this.#call = call
  }

  get complete(): boolean {
    return this.#state === 'ended'
  }

  get endGraceMs(): number | undefined {
    return this.#state === 'ended' ? 0 : undefined
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    if (this.#state !== 'running' || frame.data === DONE) return NOTHING
    const event = parseObject(frame.data)
    if (event === undefined)
      return this.#fail(
        invalidAnswer('sent a stream event that is not a JSON object', this.#call.provider),
      )
    const message = asObject(asObject(event.delta)?.message) ?? {}
    switch (event.type ?? frame.event) {
      case 'message-start':
        return [{ type: 'start', id: asText(event.id) }]
      case 'content-start':
      case 'content-delta':
        return contentOf(asObject(message.content))
      case 'tool-plan-delta':
        return textEvents('text', message.tool_plan)
      case 'tool-call-start':
        return this.#startCall(asObject(message.tool_calls) ?? {})
      case 'tool-call-delta':
        return this.#addArguments(asObject(asObject(message.tool_calls)?.function)?.arguments)
      case 'tool-call-end':
        return this.#endCall()
      case 'citation-start': {
        const value = mapAnnotations([message.citations])
        return value.length === 0 ? NOTHING : [{ type: 'annotations', choice: 0, value }]
      }
      case 'message-end':
        return this.#end(asObject(event.delta) ?? {})
      default:
        return this.#other(event, frame)
    }
  }

  #fail(error: Extract<StreamEvent, { type: 'error' }>['error']): readonly StreamEvent[] {
    this.#state = 'failed'
    return [{ type: 'error', error }]
  }

  #startCall(started: JsonObject): readonly StreamEvent[] {
    const called = asObject(started.function)
    const name = asText(called?.name)
    if (name === undefined)
      return this.#fail(invalidAnswer('called a tool without naming it', this.#call.provider))
    const before = this.#endCall()
    const index = this.#toolCalls++
    this.#doubtful = ''
    const id = asText(started.id) ?? this.#call.newId('call_')
    return [
      ...before,
      { type: 'tool-call', choice: 0, index, id, name, kind: 'function' },
      ...this.#addArguments(called?.arguments),
    ]
  }

  #addArguments(value: unknown): readonly StreamEvent[] {
    const text = asText(value)
    if (text === undefined || this.#toolCalls === 0) return NOTHING
    if (this.#doubtful === undefined) return this.#argumentsEvent(text)
    const begun = this.#doubtful + text
    this.#doubtful = mayBeNone(begun) ? begun : undefined
    return this.#doubtful === undefined ? this.#argumentsEvent(begun) : NOTHING
  }

  /** A call whose arguments never came has none. */
  #endCall(): readonly StreamEvent[] {
    const begun = this.#doubtful
    if (begun === undefined) return NOTHING
    this.#doubtful = undefined
    return this.#argumentsEvent(serializeArguments(begun))
  }

  #argumentsEvent(text: string): readonly StreamEvent[] {
    return [{ type: 'tool-arguments', choice: 0, index: this.#toolCalls - 1, text }]
  }

  #end(delta: JsonObject): readonly StreamEvent[] {
    const failure = mapFailure(delta.finish_reason, {
      provider: this.#call.provider,
      detail: detailOf(delta.error),
    })
    if (failure !== undefined) return this.#fail(failure)
    if (typeof delta.finish_reason !== 'string')
      return this.#fail(invalidAnswer('ended a stream without saying how', this.#call.provider))
    const before = this.#endCall()
    this.#state = 'ended'
    const usage = mapUsage(delta.usage)
    return [
      ...before,
      {
        type: 'finish',
        choice: 0,
        finish: mapFinishReason(delta.finish_reason, { calledTools: this.#toolCalls > 0 }),
      },
      ...(usage === undefined ? [] : [{ type: 'usage' as const, usage }]),
    ]
  }

  /** Errors have no type of their own; other unknown events are ignored. */
  #other(event: JsonObject, frame: SseFrame): readonly StreamEvent[] {
    const isError =
      frame.event === 'error' ||
      event.type === 'error' ||
      (event.type === undefined && asText(event.message) !== undefined)
    const foreign = foreignError(event, this.#call.provider)
    if (foreign !== undefined) return this.#fail(foreign)
    if (!isError) return NOTHING
    return this.#fail(
      readError({
        status: 500,
        headers: {},
        body: frame.data,
        provider: this.#call.provider,
        model: this.#call.model,
      }),
    )
  }
}

function contentOf(content: JsonObject | undefined): readonly StreamEvent[] {
  return [...textEvents('reasoning', content?.thinking), ...textEvents('text', content?.text)]
}

function textEvents(type: 'text' | 'reasoning', value: unknown): readonly StreamEvent[] {
  const text = asText(value)
  return text === undefined ? NOTHING : [{ type, choice: 0, text }]
}
