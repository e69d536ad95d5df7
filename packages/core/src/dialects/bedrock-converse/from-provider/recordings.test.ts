import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer, StreamEvent } from '../../model/events.ts'
import { decodeFrame, encodeEvent } from './frames.fake.ts'
import { bedrockConverse } from '../index.ts'

/** Meaning of an answer, whole or streamed. */
interface Meaning {
  text: string
  /** Thinking and signature of each block, or the data of a redacted one. */
  reasoning: string[]
  calls: { id: unknown; name: unknown; input: unknown }[]
  stopReason: string
  tokens: Record<'input' | 'cached' | 'written' | 'output', number | undefined>
}

interface Recording {
  readonly name: string
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string | undefined
  /** The bytes of a stream: as they came, or framed here. */
  readonly stream: Buffer | undefined
}

const folder = new URL('../../../../../../../shared/recordings/bedrock-converse/', import.meta.url)
const required = process.env.REQUIRE_RECORDINGS === '1'
const present = existsSync(folder)
const recordings = (
  present ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
).map(read)
const streams = recordings.flatMap(({ name, stream }) =>
  stream === undefined ? [] : [{ name, bytes: stream }],
)
const answers = recordings.flatMap(({ name, status, text }) =>
  status === 200 && text !== undefined ? [{ name, text }] : [],
)
const failures = recordings.filter(({ status }) => status !== 200)

function read(name: string): Recording {
  const { response, unframed } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
    response: {
      status: number
      headers: Record<string, string>
      body?: string
      bodyBase64?: string
    }
    unframed?: string
  }
  const { status, headers, body = '', bodyBase64 } = response
  if (bodyBase64 !== undefined)
    return { name, status, headers, text: undefined, stream: Buffer.from(bodyBase64, 'base64') }
  return unframed === undefined
    ? { name, status, headers, text: body, stream: undefined }
    : { name, status, headers, text: undefined, stream: frame(body) }
}

function frame(lines: string): Buffer {
  const events = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Object.entries(JSON.parse(line) as Record<string, JsonObject>)[0])
  return Buffer.concat(events.map((event) => encodeEvent(event?.[0] ?? '', event?.[1] ?? {})))
}

function callContext(stream: boolean): CallContext {
  return { provider: 'cloud', model: 'm', stream, quirks: {}, newId: (prefix) => `${prefix}new` }
}

function replay(bytes: Buffer, size: number) {
  const reader = bedrockConverse.providerSide.openReader(callContext(true))
  const splitter = bedrockConverse.providerSide.openSplitter?.(1_000_000)
  const events: StreamEvent[] = []
  for (let at = 0; at < bytes.length; at += size)
    for (const cut of splitter?.push(bytes.subarray(at, at + size)) ?? [])
      events.push(...reader.read(cut))
  expect(splitter?.rest()).toEqual([])
  return { events, complete: reader.complete }
}

describe.skipIf(!present && !required)(
  `recordings${present ? '' : ' (skipped: no recordings beside the project)'}`,
  () => {
    it('are there', () => {
      expect([streams.length, answers.length, failures.length].every((count) => count > 0)).toBe(
        true,
      )
    })

    it.each(streams)('stream $name, whole and cut anywhere', ({ bytes }) => {
      const expected = meaningOfFrames(bytes)
      for (const size of [bytes.length, 97, 61, 13, 5, 1]) {
        const { events, complete } = replay(bytes, size)
        expect(meaningOfEvents(events)).toEqual(expected)
        expect(complete).toBe(true)
      }
    })

    it.each(streams)('stream $name without its end is not complete', ({ bytes }) => {
      const frames = splitByLength(bytes)
      const stop = frames.findIndex(
        (cut) => decodeFrame(cut).headers[':event-type'] === 'messageStop',
      )
      expect(
        replay(Buffer.concat(frames.filter((_, index) => index !== stop)), 1000).complete,
      ).toBe(false)
      const lost = Buffer.concat(frames.slice(0, stop + 1))
      expect(replay(lost.subarray(0, -1), 1000).complete).toBe(false)
    })

    it.each(answers)('answer $name', ({ text }) => {
      const body = JSON.parse(text) as JsonObject
      expect(
        meaningOfAnswer(bedrockConverse.providerSide.readAnswer(body, callContext(false))),
      ).toEqual(meaningOfMessage(body))
    })

    it.each(failures)('failure $name', ({ status, headers, text }) => {
      const error = bedrockConverse.providerSide.readError({
        status,
        headers,
        body: text ?? '',
        provider: 'cloud',
        model: 'm',
      })
      expect(error.details).toMatchObject({
        upstreamStatus: status,
        providerCode: headers['x-amzn-errortype']?.split(':')[0],
      })
    })
  },
)

/** Frames by the length each begins with. */
function splitByLength(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at))
    frames.push(bytes.subarray(at, at + bytes.readUInt32BE(at)))
  return frames
}

/** The message a stream builds, put together straight from what the AWS SDK's codec reads. */
function meaningOfFrames(bytes: Buffer): Meaning {
  const blocks: Record<
    number,
    {
      text?: string
      thinking?: string
      signature?: string
      redacted?: string
      call?: { id: unknown; name: unknown; json: string }
    }
  > = {}
  let stopReason: unknown
  let usage: JsonObject | undefined
  for (const cut of splitByLength(bytes)) {
    const { headers, payload } = decodeFrame(cut)
    const event = JSON.parse(payload)
    const block =
      event.contentBlockIndex === undefined ? {} : (blocks[event.contentBlockIndex] ??= {})
    const { text, reasoningContent, toolUse } = event.delta ?? {}
    if (text !== undefined) block.text = (block.text ?? '') + text
    if (reasoningContent?.text !== undefined)
      block.thinking = (block.thinking ?? '') + reasoningContent.text
    if (reasoningContent?.signature !== undefined)
      block.signature = (block.signature ?? '') + reasoningContent.signature
    if (reasoningContent?.redactedContent !== undefined)
      block.redacted = (block.redacted ?? '') + reasoningContent.redactedContent
    if (event.start?.toolUse !== undefined)
      block.call = { id: event.start.toolUse.toolUseId, name: event.start.toolUse.name, json: '' }
    if (toolUse !== undefined && block.call !== undefined) block.call.json += toolUse.input
    if (headers[':event-type'] === 'messageStop') stopReason = event.stopReason
    if (headers[':event-type'] === 'metadata') usage = event.usage
  }
  const all = Object.values(blocks)
  return {
    text: all.map(({ text }) => text ?? '').join(''),
    reasoning: all.flatMap(({ thinking, signature, redacted }) => [
      ...(signature === undefined ? [] : [`${thinking ?? ''}|${signature}`]),
      ...(redacted === undefined ? [] : [redacted]),
    ]),
    calls: all.flatMap(({ call }) =>
      call === undefined
        ? []
        : [{ id: call.id, name: call.name, input: call.json === '' ? {} : JSON.parse(call.json) }],
    ),
    stopReason: wordOf(stopReason),
    tokens: nativeTokens(usage),
  }
}

function meaningOfMessage(body: JsonObject): Meaning {
  const { content } = (
    body as {
      output: {
        message: {
          content: { text?: string; reasoningContent?: JsonObject; toolUse?: JsonObject }[]
        }
      }
    }
  ).output.message
  return {
    text: content.map(({ text }) => text ?? '').join(''),
    reasoning: content.flatMap(({ reasoningContent }) => {
      if (reasoningContent === undefined) return []
      const { text, signature } = (reasoningContent.reasoningText ?? {}) as {
        text?: string
        signature?: string
      }
      return signature === undefined
        ? [String(reasoningContent.redactedContent)]
        : [`${text}|${signature}`]
    }),
    calls: content.flatMap(({ toolUse }) =>
      toolUse === undefined
        ? []
        : [{ id: toolUse.toolUseId, name: toolUse.name, input: toolUse.input }],
    ),
    stopReason: wordOf(body.stopReason),
    tokens: nativeTokens(body.usage as JsonObject),
  }
}

function wordOf(reason: unknown): string {
  return (
    {
      end_turn: 'stop',
      stop_sequence: 'stop',
      tool_use: 'tool_calls',
      max_tokens: 'length',
      guardrail_intervened: 'content_filter',
    }[String(reason)] ?? 'unknown'
  )
}

function nativeTokens(usage: JsonObject | undefined): Meaning['tokens'] {
  if (usage === undefined)
    return { input: undefined, cached: undefined, written: undefined, output: undefined }
  const {
    inputTokens,
    cacheReadInputTokens: cached,
    cacheWriteInputTokens: written,
    outputTokens: output,
  } = usage as Record<string, number>
  return { input: (inputTokens ?? 0) + (cached ?? 0) + (written ?? 0), cached, written, output }
}

function meaningOfAnswer(answer: Answer): Meaning {
  const parts = answer.choices[0]?.parts ?? []
  return {
    text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    reasoning: parts.flatMap((part) => {
      if (part.type !== 'reasoning' || part.signature === undefined) return []
      return [part.redacted ? part.signature.value : `${part.text}|${part.signature.value}`]
    }),
    calls: parts.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ id: part.id, name: part.name, input: JSON.parse(part.arguments) }]
        : [],
    ),
    stopReason: String(answer.choices[0]?.finish.reason),
    tokens: tokensOf(answer.usage),
  }
}

function meaningOfEvents(events: readonly StreamEvent[]): Meaning {
  const meaning: Meaning = {
    text: '',
    reasoning: [],
    calls: [],
    stopReason: '',
    tokens: tokensOf(undefined),
  }
  const inputs: string[] = []
  let thinking = ''
  expect(events[0]).toEqual({ type: 'start' })
  for (const event of events.slice(1)) {
    if (event.type === 'text') meaning.text += event.text
    else if (event.type === 'reasoning') thinking += event.text
    else if (event.type === 'reasoning-signature') {
      meaning.reasoning.push(
        event.redacted ? event.signature.value : `${thinking}|${event.signature.value}`,
      )
      thinking = ''
    } else if (event.type === 'tool-call')
      meaning.calls[event.index] = { id: event.id, name: event.name, input: undefined }
    else if (event.type === 'tool-arguments')
      inputs[event.index] = (inputs[event.index] ?? '') + event.text
    else if (event.type === 'finish') meaning.stopReason += event.finish.reason
    else if (event.type === 'usage') meaning.tokens = tokensOf(event.usage)
    else throw new Error(`A recording gave ${event.type}.`)
  }
  return {
    ...meaning,
    calls: meaning.calls.map((call, index) => ({
      ...call,
      input: JSON.parse(inputs[index] ?? ''),
    })),
  }
}

function tokensOf(usage: Answer['usage']): Meaning['tokens'] {
  return {
    input: usage?.inputTokens,
    cached: usage?.cachedTokens,
    written: usage?.cacheWriteTokens,
    output: usage?.outputTokens,
  }
}
