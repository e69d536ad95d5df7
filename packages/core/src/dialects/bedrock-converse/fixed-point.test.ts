import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallContext } from '../model/call.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { Part } from '../model/conversation.ts'
import type { StreamEvent } from '../model/events.ts'
import { readAnswer } from './from-provider/answer.ts'
import { build, result, says } from './to-provider/build.fake.ts'
import { EventStreamSplitter } from './from-provider/event-stream.ts'
import { encodeEvent } from './from-provider/frames.fake.ts'
import { ConverseReader } from './from-provider/stream.ts'

const call: CallContext = {
  provider: 'cloud',
  model: 'm',
  stream: false,
  quirks: {},
  newId: (prefix) => `${prefix}new`,
}

const words = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== '')
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))
const block = fc.oneof(
  words.map((text) => ({ text })),
  fc
    .record({ text: fc.string({ maxLength: 20 }), signature: base64 })
    .map((reasoningText) => ({ reasoningContent: { reasoningText } })),
  base64.map((redactedContent) => ({ reasoningContent: { redactedContent } })),
)
const use = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,5}$/),
  fc.oneof(fc.string({ maxLength: 9 }), fc.integer(), fc.boolean()),
  { maxKeys: 3 },
)
const content = fc
  .tuple(fc.array(block, { minLength: 1, maxLength: 5 }), fc.array(use, { maxLength: 3 }))
  .map(([blocks, inputs]): JsonObject[] => [
    ...blocks,
    ...inputs.map((input, index) => ({
      toolUse: { toolUseId: `tooluse_${index}`, name: `tool-${index}`, input: { ...input } },
    })),
  ])

/** The answer as a client would send it back, followed by what its calls gave. */
function sentBack(parts: readonly Part[]): unknown {
  const results = parts.flatMap((part) => (part.type === 'tool-call' ? [result(part.id)] : []))
  const { body } = build({
    messages: [says('user', 'Hi'), { role: 'assistant', parts }, ...results, says('user', 'Go on')],
  })
  return (body.messages as { content: unknown }[])[1]?.content
}

/** The blocks as the service streams them, in pieces. */
function framesOf(blocks: readonly JsonObject[]): Buffer {
  const frames = blocks.flatMap((whole, contentBlockIndex) => {
    const delta = (value: unknown) =>
      encodeEvent('contentBlockDelta', { contentBlockIndex, delta: value })
    const stop = encodeEvent('contentBlockStop', { contentBlockIndex })
    const { text, reasoningContent, toolUse } = whole as {
      text?: string
      reasoningContent?: {
        reasoningText?: { text: string; signature: string }
        redactedContent?: string
      }
      toolUse?: JsonObject
    }
    if (text !== undefined) return [...text].map((piece) => delta({ text: piece })).concat(stop)
    if (reasoningContent?.redactedContent !== undefined) return [delta({ reasoningContent }), stop]
    if (reasoningContent?.reasoningText !== undefined) {
      const { text: thought, signature } = reasoningContent.reasoningText
      return [
        delta({ reasoningContent: { text: thought } }),
        delta({ reasoningContent: { signature } }),
        stop,
      ]
    }
    const { input, ...start } = toolUse ?? {}
    return [
      encodeEvent('contentBlockStart', { contentBlockIndex, start: { toolUse: start } }),
      ...[...JSON.stringify(input)].map((piece) => delta({ toolUse: { input: piece } })),
      stop,
    ]
  })
  return Buffer.concat([
    encodeEvent('messageStart', { role: 'assistant' }),
    ...frames,
    encodeEvent('messageStop', { stopReason: 'end_turn' }),
  ])
}

/** The parts of an answer that came as events. */
function partsOf(events: readonly StreamEvent[]): Part[] {
  const parts: Part[] = []
  let thought = ''
  for (const event of events) {
    const last = parts.at(-1)
    if (event.type === 'text') {
      if (last?.type === 'text') parts.splice(-1, 1, { type: 'text', text: last.text + event.text })
      else parts.push({ type: 'text', text: event.text })
    } else if (event.type === 'reasoning') thought += event.text
    else if (event.type === 'reasoning-signature') {
      parts.push({
        type: 'reasoning',
        text: thought,
        signature: event.signature,
        ...(event.redacted === true ? { redacted: true } : {}),
      })
      thought = ''
    } else if (event.type === 'tool-call')
      parts.push({
        type: 'tool-call',
        id: event.id,
        name: event.name,
        arguments: '',
        kind: event.kind,
      })
    else if (event.type === 'tool-arguments' && last?.type === 'tool-call')
      parts.splice(-1, 1, { ...last, arguments: last.arguments + event.text })
  }
  return parts
}

/** Neighbouring texts are one text in a stream. */
function joined(blocks: readonly JsonObject[]): JsonObject[] {
  const merged: JsonObject[] = []
  for (const next of blocks) {
    const last = merged.at(-1)
    if (typeof next.text === 'string' && typeof last?.text === 'string')
      merged.splice(-1, 1, { text: last.text + next.text })
    else merged.push(next)
  }
  return merged
}

describe('an answer sent back in the next turn is unchanged', () => {
  it('as a whole', () => {
    fc.assert(
      fc.property(content, (blocks) => {
        const { choices } = readAnswer(
          { output: { message: { content: blocks } }, stopReason: 'end_turn' },
          call,
        )
        expect(sentBack(choices[0]?.parts ?? [])).toEqual(blocks)
      }),
      { numRuns: 200 },
    )
  })

  it('as a stream', () => {
    fc.assert(
      fc.property(content, fc.integer({ min: 1, max: 97 }), (blocks, size) => {
        const bytes = framesOf(blocks)
        const reader = new ConverseReader({ ...call, stream: true })
        const splitter = new EventStreamSplitter(100_000)
        const events: StreamEvent[] = []
        for (let at = 0; at < bytes.length; at += size)
          for (const frame of splitter.push(bytes.subarray(at, at + size)))
            events.push(...reader.read(frame))
        expect(sentBack(partsOf(events))).toEqual(joined(blocks))
      }),
      { numRuns: 200 },
    )
  })
})
