import { GatewayError, toGatewayError } from '../../errors.ts'
import type { Part } from '../model/conversation.ts'
import type { CallContext } from '../model/call.ts'
import type { ProviderSide } from '../model/dialect.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { StreamReader } from '../model/stream.ts'
import type { Answer, AnswerChoice, StreamEvent } from '../model/events.ts'
import type { Finish } from '../model/finish.ts'
import { asList, asObject, parseObject } from '../wire/json.ts'
import { type FrameSplitter, type SseFrame, SseFrameSplitter } from '../wire/sse.ts'

/** Reads the frame of `WholeSplitter`: one JSON document, given as the events of a stream. */
export function wholeAnswerReader(providerSide: ProviderSide, call: CallContext): StreamReader {
  return new WholeAnswerReader(providerSide, call)
}

/**
 * Holds a body back and gives it as one frame: of a provider that answers a streaming request with
 * a whole answer.
 */
export class WholeSplitter implements FrameSplitter {
  readonly #maxBytes: number
  #chunks: Uint8Array[] = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Uint8Array): readonly SseFrame[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > this.#maxBytes)
      throw new GatewayError(
        'upstream_invalid',
        `The provider answered a streaming request with a whole answer of more than ${this.#maxBytes} bytes.`,
      )
    return []
  }

  rest(): readonly SseFrame[] {
    if (this.#size === 0) return []
    const text = Buffer.concat(this.#chunks, this.#size).toString()
    this.#chunks = []
    this.#size = 0
    // Comments may keep a connection open before the answer.
    return [{ event: undefined, data: text.slice(Math.max(0, text.indexOf('{'))) }]
  }
}

class WholeAnswerReader implements StreamReader {
  complete = false
  readonly endGraceMs = undefined
  readonly #providerSide: ProviderSide
  readonly #call: CallContext

  constructor(providerSide: ProviderSide, call: CallContext) {
    this.#providerSide = providerSide
    this.#call = { ...call, stream: false }
  }

  read({ data }: SseFrame): readonly StreamEvent[] {
    try {
      const body = parseObject(data)
      if (body === undefined)
        throw new GatewayError(
          'upstream_invalid',
          `${this.#call.provider} answered with something that is not a JSON object.`,
        )
      const events = eventsOf(this.#providerSide.readAnswer(body, this.#call))
      this.complete = true
      return events
    } catch (error) {
      return [{ type: 'error', error: toGatewayError(error) }]
    }
  }
}

/** A whole answer as the events of a stream. */
export function eventsOf({ id, model, created, choices, usage }: Answer): StreamEvent[] {
  const events: StreamEvent[] = [{ type: 'start', id, model, created }]
  choices.forEach(({ parts, finish, logprobs, annotations }, choice) => {
    let calls = 0
    for (const part of parts) {
      if (part.type === 'tool-call') calls += 1
      for (const event of eventsOfPart(part, choice, calls - 1)) events.push(event)
    }
    if (logprobs !== undefined && logprobs !== null)
      events.push({ type: 'logprobs', choice, value: logprobs })
    if (annotations !== undefined) events.push({ type: 'annotations', choice, value: annotations })
    events.push({ type: 'finish', choice, finish })
  })
  if (usage !== undefined) events.push({ type: 'usage', usage })
  return events
}

function eventsOfPart(part: Part, choice: number, index: number): StreamEvent[] {
  if (part.type === 'text' || part.type === 'refusal')
    return part.text === '' ? [] : [{ type: part.type, choice, text: part.text }]
  if (part.type === 'reasoning') {
    const { text, signature, redacted } = part
    const signed: StreamEvent[] =
      signature === undefined
        ? []
        : [
            {
              type: 'reasoning-signature',
              choice,
              signature,
              ...(redacted === true && { redacted }),
            },
          ]
    return text === '' ? signed : [{ type: 'reasoning', choice, text }, ...signed]
  }
  if (part.type !== 'tool-call') return [{ type: 'part', choice, part }]
  const { id, name, kind, signature } = part
  return [
    { type: 'tool-call', choice, index, id, name, kind, signature },
    { type: 'tool-arguments', choice, index, text: part.arguments },
  ]
}

/**
 * Reads a whole stream that came in answer to a request for one JSON document. Throws the error it
 * carries, and `upstream_truncated` where it has no end.
 */
export function collectAnswer(
  bytes: Uint8Array,
  providerSide: ProviderSide,
  call: CallContext,
): Answer {
  const reader = providerSide.openReader({ ...call, stream: true })
  const splitter = new SseFrameSplitter(bytes.length)
  const collected = new Collected()
  for (const frames of [splitter.push(bytes), splitter.rest()]) {
    for (const frame of frames) {
      for (const event of reader.read(frame)) {
        if (event.type === 'error') throw event.error
        collected.add(event)
      }
    }
  }
  if (!reader.complete)
    throw new GatewayError(
      'upstream_truncated',
      `${call.provider} answered with a stream that breaks off.`,
    )
  return collected.answer()
}

type Changing<T> = { -readonly [K in keyof T]: T[K] }

interface Choice {
  readonly parts: Changing<Part>[]
  readonly calls: Map<number, Changing<Extract<Part, { type: 'tool-call' }>>>
  finish: Finish | undefined
  logprobs: JsonObject | undefined
  annotations: unknown[] | undefined
}

/** The answer that the events of a stream make up. */
class Collected {
  readonly #choices = new Map<number, Choice>()
  readonly #start: {
    id?: string | undefined
    model?: string | undefined
    created?: number | undefined
  } = {}
  #usage: Answer['usage']

  add(event: StreamEvent): void {
    if (event.type === 'start')
      Object.assign(this.#start, { id: event.id, model: event.model, created: event.created })
    else if (event.type === 'usage') this.#usage = event.usage
    else if (event.type !== 'error') addTo(this.#choice(event.choice), event)
  }

  answer(): Answer {
    const choices = [...this.#choices.entries()]
      .toSorted(([one], [other]) => one - other)
      .map(([, { parts, finish, logprobs, annotations }]): AnswerChoice => ({
        parts,
        finish: finish ?? { reason: 'stop' },
        logprobs,
        annotations,
      }))
    return { ...this.#start, choices, usage: this.#usage }
  }

  #choice(index: number): Choice {
    let choice = this.#choices.get(index)
    if (choice === undefined) {
      choice = {
        parts: [],
        calls: new Map(),
        finish: undefined,
        logprobs: undefined,
        annotations: undefined,
      }
      this.#choices.set(index, choice)
    }
    return choice
  }
}

function addTo(
  choice: Choice,
  event: Exclude<StreamEvent, { type: 'start' | 'usage' | 'error' }>,
): void {
  const last = choice.parts.at(-1)
  if (event.type === 'text' || event.type === 'refusal') {
    if (last?.type === event.type) last.text += event.text
    else choice.parts.push({ type: event.type, text: event.text })
  } else if (event.type === 'reasoning') {
    if (last?.type === 'reasoning' && last.signature === undefined) last.text += event.text
    else choice.parts.push({ type: 'reasoning', text: event.text })
  } else if (event.type === 'reasoning-signature') {
    if (event.redacted !== true && last?.type === 'reasoning' && last.signature === undefined)
      last.signature = event.signature
    else
      choice.parts.push({
        type: 'reasoning',
        text: '',
        signature: event.signature,
        ...(event.redacted === true && { redacted: true }),
      })
  } else if (event.type === 'tool-call') {
    const { id, name, kind, signature } = event
    const call: Changing<Extract<Part, { type: 'tool-call' }>> = {
      type: 'tool-call',
      id,
      name,
      kind,
      arguments: '',
      ...(signature && { signature }),
    }
    choice.parts.push(call)
    choice.calls.set(event.index, call)
  } else if (event.type === 'tool-arguments') {
    const call = choice.calls.get(event.index)
    if (call !== undefined) call.arguments += event.text
  } else if (event.type === 'part') choice.parts.push(event.part)
  else if (event.type === 'finish') choice.finish = event.finish
  else if (event.type === 'annotations')
    choice.annotations = [...(choice.annotations ?? []), ...event.value]
  else choice.logprobs = joined(choice.logprobs, asObject(event.value))
}

/** OpenAI-shaped: lists of tokens by what they are part of. */
function joined(
  before: JsonObject | undefined,
  more: JsonObject | undefined,
): JsonObject | undefined {
  if (before === undefined || more === undefined) return more ?? before
  const names = new Set([...Object.keys(before), ...Object.keys(more)])
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      before[name] === null && more[name] === null
        ? null
        : [...asList(before[name]), ...asList(more[name])],
    ]),
  )
}
