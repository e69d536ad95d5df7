import type { Part } from '../../model/conversation.ts'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer, StreamEvent } from '../../model/events.ts'
import { SseFrameSplitter } from '../../wire/sse.ts'
import { readAnswer } from './answer.ts'
import { callTo } from '../to-provider/conversation.fake.ts'
import { readError } from './errors.ts'
import { ResponsesReader } from './stream.ts'
import { decodeSignature } from '../names.ts'

/** Meaning of a response, whole or streamed. */
interface Meaning {
  id: unknown
  text: string
  reasoning: string
  /** Id and encrypted content of each reasoning item that has some. */
  proofs: string[]
  calls: { id: unknown; name: unknown; arguments: unknown; kind: string }[]
  /** Items only this dialect understands. */
  others: unknown[]
  /** Types of the annotations, and what they quote where they say where it stands. */
  annotations: string[]
  finish: string
  tokens: Record<'input' | 'output' | 'cached' | 'written' | 'reasoning', number | undefined>
}

/** Fields of a recorded response that are read here. */
interface RecordedResponse extends JsonObject {
  readonly output: readonly RecordedItem[]
  readonly usage: {
    readonly input_tokens: number
    readonly output_tokens: number
    readonly input_tokens_details?: {
      readonly cached_tokens?: number
      readonly cache_write_tokens?: number
    }
    readonly output_tokens_details?: { readonly reasoning_tokens?: number }
  }
  readonly incomplete_details?: { readonly reason: string } | null
}

interface RecordedItem extends JsonObject {
  readonly type: string
  readonly id: string
  readonly content?: readonly RecordedPart[]
  readonly summary?: readonly { readonly text: string }[]
}

interface RecordedPart {
  readonly text: string
  readonly annotations: readonly Annotation[]
}

interface Annotation extends JsonObject {
  readonly type: string
}

interface RecordedEvent {
  readonly type: string
  readonly response: RecordedResponse
  readonly item: RecordedItem
  readonly output_index: number
  readonly item_id: string
  readonly content_index: number
  readonly delta: string
}

const folder = new URL('../../../../../../../shared/recordings/openai-responses/', import.meta.url)
const required = process.env.REQUIRE_RECORDINGS === '1'
const present = existsSync(folder)
const files = present ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
const recordings = files.map((name) => {
  const { response } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
    response: { status: number; body: string }
  }
  return { name, status: response.status, body: response.body }
})
const isJson = (body: string) => body.trimStart().startsWith('{')
const streams = recordings.filter(({ status, body }) => status === 200 && !isJson(body))
const documents = recordings
  .filter(({ status, body }) => status === 200 && isJson(body))
  .map(({ name, body }) => ({ name, body: JSON.parse(body) as JsonObject }))
const answers = documents.filter(({ body }) => Array.isArray(body.output))
const strangers = documents.filter(({ body }) => !Array.isArray(body.output))
const failures = recordings.filter(({ status }) => status !== 200)

describe.skipIf(!present && !required)(
  `recordings${present ? '' : ' (skipped: no recordings beside the project)'}`,
  () => {
    it('are there', () => {
      expect([streams.length, answers.length, failures.length].every((count) => count > 0)).toBe(
        true,
      )
    })

    it.each(streams)('stream $name', ({ body }) => {
      const bytes = Buffer.from(body)
      const expected = meaningOfResponse(asTold(streamedResponse(body), body))
      for (const size of [bytes.length, 97, 31, 7, 1]) {
        const { events, complete } = readStream(bytes, size)
        expect(meaningOfEvents(events)).toEqual(expected)
        expect(complete).toBe(true)
      }
    })

    it.each(streams)(
      'nastiest 4: stream $name without a single fragment says the same',
      ({ body }) => {
        const blocks = body
          .split(/\r?\n\r?\n/)
          .filter((block) => !/"type": ?"response\.[a-z_.]+\.delta"/.test(block))
        expect(meaningOfEvents(readStream(Buffer.from(blocks.join('\n\n')), 97).events)).toEqual(
          meaningOfResponse(streamedResponse(body)),
        )
      },
    )

    it.each(streams)('nastiest 4: stream $name that only ends says the same', ({ body }) => {
      const events = readStream(
        Buffer.from(
          `data: ${JSON.stringify({ type: 'response.completed', response: lastResponse(body) })}\n\n`,
        ),
        97,
      ).events
      expect(meaningOfEvents(events)).toEqual(meaningOfResponse(lastResponse(body)))
    })

    it.each(streams)('stream $name cut short is not complete', ({ body }) => {
      const frames = body
        .split(/(?<=\r?\n\r?\n)/)
        .filter((frame) => frame.includes('data:') && !frame.includes('[DONE]'))
      expect(readStream(Buffer.from(frames.slice(0, -1).join('')), 97).complete).toBe(false)
    })

    it.each(answers)('answer $name', ({ body }) => {
      expect(meaningOfAnswer(readAnswer(body, callTo('m')))).toEqual(
        meaningOfResponse(body as RecordedResponse),
      )
    })

    it.each(strangers)('$name, which is no response, is refused', ({ body }) => {
      expect(() => readAnswer(body, callTo('m'))).toThrow(
        expect.objectContaining({ code: 'upstream_invalid' }),
      )
    })

    it.each(failures)('failure $name', ({ status, body }) => {
      const error = readError({ status, headers: {}, body, provider: 'acme', model: 'm' })
      const { error: told } = JSON.parse(body) as { error: string | { message: string } }
      expect(error.details.upstreamStatus).toBe(status)
      const isAboutKey = /incorrect api key/i.test(typeof told === 'string' ? told : told.message)
      expect(error.code).toBe(isAboutKey ? 'provider_credentials' : 'provider_rejected')
    })
  },
)

function readStream(bytes: Buffer, size: number): { events: StreamEvent[]; complete: boolean } {
  const reader = new ResponsesReader(callTo('m', { stream: true }))
  const splitter = new SseFrameSplitter(1_000_000)
  const events: StreamEvent[] = []
  for (let at = 0; at < bytes.length; at += size)
    for (const frame of splitter.push(bytes.subarray(at, at + size)))
      events.push(...reader.read(frame))
  for (const frame of splitter.rest()) events.push(...reader.read(frame))
  return { events, complete: reader.complete }
}

/** The response as the event that ends the stream holds it. */
function lastResponse(body: string): RecordedResponse {
  const last = [
    ...eventsOf(body, 'response.completed'),
    ...eventsOf(body, 'response.incomplete'),
  ].at(-1)
  if (last === undefined) throw new Error('A recording does not end.')
  return last.response
}

/**
 * The same with the items as they ended: encrypted content differs in every event, and
 * that one is documented.
 */
function streamedResponse(body: string): RecordedResponse {
  const response = lastResponse(body)
  const output = [...response.output]
  for (const { output_index: position, item } of eventsOf(body, 'response.output_item.done')) {
    const named = output.findIndex(({ id }) => id === item.id)
    output[named === -1 ? position : named] = item
  }
  return { ...response, output }
}

/**
 * The same for who reads as it comes: where fragments contradict the whole (one recording was cut
 * by hand), what was said is said.
 */
function asTold(response: RecordedResponse, body: string): RecordedResponse {
  const fragments = new Map<string, string>()
  for (const { item_id: id, content_index: at, delta } of eventsOf(
    body,
    'response.output_text.delta',
  )) {
    fragments.set(`${id} ${at}`, (fragments.get(`${id} ${at}`) ?? '') + delta)
  }
  const partAsTold = (part: RecordedPart, key: string): RecordedPart => {
    const said = fragments.get(key) ?? ''
    return part.text.startsWith(said) ? part : { ...part, text: said }
  }
  const output = response.output.map((item) =>
    item.type === 'message'
      ? {
          ...item,
          content: item.content?.map((part, at) => partAsTold(part, `${item.id} ${at}`)) ?? [],
        }
      : item,
  )
  return { ...response, output }
}

function eventsOf(body: string, type: string): RecordedEvent[] {
  const lines = body
    .split('\n')
    .filter((line) => line.startsWith('data:') && line.includes(`"${type}"`))
  return lines
    .map((line) => JSON.parse(line.slice(5)) as RecordedEvent)
    .filter((event) => event.type === type)
}

function meaningOfResponse(response: RecordedResponse): Meaning {
  const { output: items, usage } = response
  const parts = items.flatMap((item) => (item.type === 'message' ? (item.content ?? []) : []))
  const thoughts = items.filter((item) => item.type === 'reasoning')
  const calls = items.filter(
    (item) => item.type === 'function_call' || item.type === 'custom_tool_call',
  )
  return {
    id: response.id,
    text: parts.map(({ text }) => text).join(''),
    reasoning: thoughts.map(visibleThought).join(''),
    proofs: thoughts
      .filter((item) => item.encrypted_content)
      .map((item) => `${item.id} ${String(item.encrypted_content)}`),
    calls: calls.map((call) => ({
      id: call.call_id,
      name: call.name,
      arguments: call.arguments ?? call.input,
      kind: call.type === 'function_call' ? 'function' : 'custom',
    })),
    others: items
      .filter(
        (item) =>
          !['message', 'reasoning', 'function_call', 'custom_tool_call'].includes(item.type),
      )
      .map((item) =>
        item.type === 'image_generation_call' && item.result ? { picture: item.result } : item,
      ),
    annotations: parts.flatMap((part) =>
      part.annotations.map((annotation) => quoteOf(annotation.type, annotation, part.text)),
    ),
    finish: mapFinishReason(response, calls.length),
    tokens: {
      input: usage.input_tokens,
      output: usage.output_tokens,
      cached: usage.input_tokens_details?.cached_tokens,
      written: usage.input_tokens_details?.cache_write_tokens,
      reasoning: usage.output_tokens_details?.reasoning_tokens,
    },
  }
}

function visibleThought({ content = [], summary = [] }: RecordedItem): string {
  const texts = (parts: readonly { readonly text: string }[]) => parts.map(({ text }) => text)
  return content.length > 0 ? texts(content).join('') : texts(summary).join('\n\n')
}

function mapFinishReason(response: RecordedResponse, calls: number): string {
  if (response.status === 'incomplete')
    return response.incomplete_details?.reason === 'content_filter' ? 'content_filter' : 'length'
  return calls > 0 ? 'tool_calls' : 'stop'
}

function quoteOf(
  type: string,
  { start_index: start, end_index: end }: JsonObject,
  text: string,
): string {
  return typeof start === 'number' && typeof end === 'number'
    ? `${type}: ${text.slice(start, end)}`
    : type
}

function quotesOf(annotations: readonly unknown[], text: string): string[] {
  return (annotations as Annotation[]).map((annotation) =>
    quoteOf(annotation.type, annotation[annotation.type] as JsonObject, text),
  )
}

function proofOf(value: string): string {
  const proof = decodeSignature(value)
  return `${proof?.id} ${proof?.encryptedContent}`
}

function meaningOfAnswer(answer: Answer): Meaning {
  const [choice] = answer.choices
  const parts = choice?.parts ?? []
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return {
    id: answer.id,
    text,
    reasoning: parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join(''),
    proofs: parts.flatMap((part) =>
      part.type === 'reasoning' && part.signature !== undefined
        ? [proofOf(part.signature.value)]
        : [],
    ),
    calls: parts.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ id: part.id, name: part.name, arguments: part.arguments, kind: part.kind }]
        : [],
    ),
    others: parts.flatMap(otherOf),
    annotations: quotesOf(choice?.annotations ?? [], text),
    finish: String(choice?.finish.reason),
    tokens: tokensOf(answer.usage),
  }
}

function meaningOfEvents(events: readonly StreamEvent[]): Meaning {
  const meaning: Meaning = {
    id: undefined,
    text: '',
    reasoning: '',
    proofs: [],
    calls: [],
    others: [],
    annotations: [],
    finish: '',
    tokens: tokensOf(undefined),
  }
  const inputs: string[] = []
  const annotations: unknown[] = []
  for (const event of events) {
    if (event.type === 'start') meaning.id = event.id
    else if (event.type === 'text') meaning.text += event.text
    else if (event.type === 'reasoning') meaning.reasoning += event.text
    else if (event.type === 'reasoning-signature')
      meaning.proofs.push(proofOf(event.signature.value))
    else if (event.type === 'tool-call')
      meaning.calls[event.index] = {
        id: event.id,
        name: event.name,
        arguments: '',
        kind: event.kind,
      }
    else if (event.type === 'tool-arguments')
      inputs[event.index] = (inputs[event.index] ?? '') + event.text
    else if (event.type === 'part') meaning.others.push(...otherOf(event.part))
    else if (event.type === 'annotations') annotations.push(...event.value)
    else if (event.type === 'finish') meaning.finish += event.finish.reason
    else if (event.type === 'usage') meaning.tokens = tokensOf(event.usage)
    else if (event.type !== 'logprobs') throw new Error(`A recording gave ${event.type}.`)
  }
  return {
    ...meaning,
    calls: meaning.calls.map((call, index) => ({ ...call, arguments: inputs[index] })),
    annotations: quotesOf(annotations, meaning.text),
  }
}

function tokensOf(usage: Answer['usage']): Meaning['tokens'] {
  return {
    input: usage?.inputTokens,
    output: usage?.outputTokens,
    cached: usage?.cachedTokens,
    written: usage?.cacheWriteTokens,
    reasoning: usage?.reasoningTokens,
  }
}

/** A picture that the model made is read as one; what only this dialect knows stays as it came. */
function otherOf(part: Part): unknown[] {
  if (part.type === 'image' && part.source.kind === 'data') return [{ picture: part.source.data }]
  return part.type === 'extension' ? [part.value] : []
}
