import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asObjects } from '../../wire/json.ts'
import { parseFrames } from '../../wire/sse.ts'
import { callContext, conversationOf, renderContext } from '../from-client/request.fake.ts'
import { anthropicMessages } from '../index.ts'
import { readMessageStream } from './message-stream.fake.ts'
import { MessageStreamRelay } from '../relay/stream.ts'
import { relay } from '../relay/relay.ts'
import { MessageRenderer } from './stream.ts'

const folder = new URL(
  '../../../../../../../shared/recordings/anthropic-messages/',
  import.meta.url,
)
const required = process.env.REQUIRE_RECORDINGS === '1'
const present = existsSync(folder)
const recordings = (
  present ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
).map((name) => {
  const { response } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
    response: { status: number; body: string }
  }
  return { name, ...response }
})
const answered = recordings.filter(({ status }) => status === 200)
const streams = answered.filter(({ body }) => body.startsWith('event:'))
const answers = answered.filter(({ body }) => !body.startsWith('event:'))

/** Meaning of a message, in the fields that both a recording and our rendering have. */
function meaningOf(message: JsonObject) {
  const { id, model, role, stop_reason, stop_sequence = null } = message
  const usage = message.usage as JsonObject
  const content = asObjects(message.content).map((block) => {
    // The new fields of old blocks: who called a tool, and that nothing is cited.
    const { caller: _caller, citations: _citations, ...rest } = block
    return block.type === 'text' || block.type === 'tool_use' ? rest : block
  })
  const tokens = [
    'input_tokens',
    'cache_creation_input_tokens',
    'cache_read_input_tokens',
    'output_tokens',
  ].map((field) => usage[field] ?? 0)
  return { id, model, role, stop_reason, stop_sequence, content, tokens }
}

/** The recording as a client's own reader gathers it: without pings, on one line each. */
function gathered(body: string): JsonObject {
  const frames = parseFrames(Buffer.from(body)).filter(({ event }) => event !== 'ping')
  return readMessageStream(
    frames.map(({ event, data }) => `event: ${event}\ndata: ${data}\n\n`).join(''),
  ).message
}

function openRelay(exact: boolean) {
  return new MessageStreamRelay({
    call: callContext({ stream: true, quirks: exact ? { exact } : {} }),
    render: renderContext(),
    maxEventBytes: 1 << 20,
  })
}

function relayed(bytes: Buffer, size: number, exact: boolean) {
  const stream = openRelay(exact)
  const output: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size)
    output.push(Buffer.from(stream.push(bytes.subarray(at, at + size)) ?? ''))
  output.push(Buffer.from(stream.flush() ?? ''))
  return { stream, output: Buffer.concat(output) }
}

describe.skipIf(!present && !required)(
  `recordings${present ? '' : ' (skipped: no recordings beside the project)'}`,
  () => {
    it('are there', () => {
      expect(streams.length > 0 && answers.length > 0).toBe(true)
    })

    it.each(streams)('stream $name is relayed byte for byte, and observed', ({ body }) => {
      const bytes = Buffer.from(body)
      const expected = gathered(body)
      const usage = expected.usage as Record<string, number>
      for (const exact of [true, false]) {
        for (const size of [bytes.length, 97, 13, 1]) {
          const { stream, output } = relayed(bytes, size, exact)
          // A recording that lacks its last blank line gets it.
          expect(output.toString().trimEnd()).toBe(body.trimEnd())
          expect(stream).toMatchObject({ complete: true, error: undefined })
          expect(stream.finishes).toHaveLength(1)
          expect(stream.usage).toMatchObject({
            inputTokens:
              (usage.input_tokens ?? 0) +
              (usage.cache_read_input_tokens ?? 0) +
              (usage.cache_creation_input_tokens ?? 0),
            outputTokens: usage.output_tokens,
          })
        }
      }
    })

    it.each(streams)('stream $name, cut anywhere, is not complete', ({ body }) => {
      const bytes = Buffer.from(body)
      const end = bytes.lastIndexOf('}')
      for (let at = 1; at < end; at += Math.max(1, Math.floor(end / 150))) {
        for (const exact of [true, false]) {
          const { stream, output } = relayed(bytes.subarray(0, at), 64, exact)
          expect(stream.complete).toBe(false)
          expect(body.startsWith(output.toString().trimEnd())).toBe(true)
        }
      }
    })

    it.each(streams)('stream $name, read and rendered, says the same', ({ body }) => {
      const reader = anthropicMessages.providerSide.openReader(callContext({ stream: true }))
      const renderer = new MessageRenderer(renderContext())
      const events = parseFrames(Buffer.from(body)).flatMap((frame) => reader.read(frame))
      const rendered = events.map((event) => renderer.event(event)).join('') + renderer.end()
      expect(meaningOf(readMessageStream(rendered).message)).toEqual(meaningOf(gathered(body)))
    })

    it.each(answers)(
      'answer $name is relayed byte for byte, and says the same when rendered',
      ({ body }) => {
        const message = JSON.parse(body) as JsonObject
        const bytes = Buffer.from(body)
        const { body: forwarded, finishes, usage } = relay.readAnswer(message, bytes, callContext())
        expect(forwarded).toBe(bytes)
        expect(finishes).toHaveLength(1)
        expect(usage?.outputTokens).toBe((message.usage as JsonObject).output_tokens)
        const rendered = anthropicMessages.clientSide?.renderAnswer(
          anthropicMessages.providerSide.readAnswer(message, callContext()),
          renderContext(),
        )
        const expected = meaningOf(message)
        // Calls that code at the provider made: to our model calls like any other, and a call ends
        // with `tool_use`.
        const endsInCall =
          expected.stop_reason === 'end_turn' &&
          expected.content.some(({ type }) => type === 'tool_use')
        expect(meaningOf(rendered ?? {})).toEqual(
          endsInCall ? { ...expected, stop_reason: 'tool_use' } : expected,
        )
      },
    )

    it.each(answered)('what $name says goes into the next turn and out again', ({ body }) => {
      const message = body.startsWith('event:') ? gathered(body) : (JSON.parse(body) as JsonObject)
      const content = asObjects(message.content)
      const history = [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content },
        { role: 'user', content: 'go on' },
      ]
      const built = anthropicMessages.providerSide.buildRequest(
        conversationOf({ messages: history }),
        callContext(),
      )
      const [, turn] = asObjects(isObject(built.body) ? built.body.messages : [])
      expect(meaningOf({ content: turn?.content, usage: {} }).content).toEqual(
        ordered(meaningOf({ content, usage: {} }).content),
      )
    })
  },
)

/** The client side puts calls at the end of a turn, as the provider wants them. */
function ordered(blocks: readonly JsonObject[]): JsonObject[] {
  const isCall = ({ type }: JsonObject) => type === 'tool_use'
  return [...blocks.filter((block) => !isCall(block)), ...blocks.filter(isCall)]
}
