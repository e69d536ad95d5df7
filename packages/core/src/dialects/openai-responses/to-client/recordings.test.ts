import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { asObjects } from '../../wire/json.ts'
import { parseFrames, SseFrameSplitter } from '../../wire/sse.ts'
import { readAnswer } from '../from-provider/answer.ts'
import { callTo } from '../to-provider/conversation.fake.ts'
import { ResponsesReader } from '../from-provider/stream.ts'
import { openaiResponses } from '../index.ts'
import { relay } from '../relay/relay.ts'
import { ResponsesStreamRelay } from '../relay/stream.ts'
import { renderContext, type WrittenEvent, written } from './server.fake.ts'

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
const succeeded = recordings.filter(({ status }) => status === 200)
const streams = succeeded.filter(({ body }) => /^(event|data):/.test(body))
/** One of the recordings is an answer of another dialect. */
const answers = succeeded.filter(
  ({ body }) => body.startsWith('{') && (JSON.parse(body) as JsonObject).object === 'response',
)

const open = () =>
  new ResponsesStreamRelay({
    call: callTo('m', { stream: true }),
    render: renderContext(),
    maxEventBytes: 10_000_000,
  })
const eventsOf = (body: string) =>
  parseFrames(Buffer.from(`${body}\n\n`)).map(({ data }) => JSON.parse(data) as WrittenEvent)

/** Output for the client from these bytes, sent in writes of this size. */
function relayed(target: ResponsesStreamRelay, bytes: Uint8Array, size: number): string {
  const output: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size)
    output.push(target.push(bytes.subarray(at, at + size)) ?? Buffer.alloc(0))
  output.push(target.flush() ?? Buffer.alloc(0))
  return Buffer.concat(output).toString()
}

describe.skipIf(!present && !required)(
  `recordings through the relay${present ? '' : ' (skipped: no recordings beside the project)'}`,
  () => {
    it('are there', () => {
      expect([streams.length, answers.length].every((count) => count > 0)).toBe(true)
    })

    it.each(streams)('stream $name passes byte for byte, and is understood', ({ body }) => {
      const bytes = Buffer.from(body)
      const last = eventsOf(body).at(-1)
      const usage = last?.response.usage as Record<string, number> | undefined
      for (const size of [bytes.length, 97, 13, 1]) {
        const target = open()
        // Where the last blank line is missing, it is added.
        expect(relayed(target, bytes, size).trimEnd()).toBe(body.trimEnd())
        expect(target).toMatchObject({
          complete: true,
          error: undefined,
          usage: { inputTokens: usage?.input_tokens, outputTokens: usage?.output_tokens },
        })
        const calledTools = asObjects(last?.response.output).some(
          ({ type }) => type === 'function_call' || type === 'custom_tool_call',
        )
        expect(target.finishes.map(({ reason }) => reason)).toEqual([
          calledTools ? 'tool_calls' : 'stop',
        ])
      }
    })

    it.each(streams)('stream $name cut anywhere never looks complete', ({ body }) => {
      const whole = body.trimEnd()
      for (let part = 1; part < 40; part++) {
        const bytes = Buffer.from(whole).subarray(0, Math.floor((whole.length * part) / 40))
        const target = open()
        const output = relayed(target, bytes, 211)
        expect(target.complete).toBe(false)
        const before = eventsOf(output)
        const after = eventsOf(
          target.fail(target.error ?? new GatewayError('upstream_truncated', 'cut')),
        )
        expect(after.map(({ type }) => type)).toEqual(['error', 'response.failed'])
        const number = before.at(-1)?.sequence_number ?? -1
        expect(after.map((event) => event.sequence_number)).toEqual([number + 1, number + 2])
        expect(before.some(({ type }) => type === 'response.completed')).toBe(false)
        expect(whole.startsWith(output.trimEnd())).toBe(true)
      }
    })

    it.each(answers)('answer $name passes byte for byte, and is understood', ({ body }) => {
      const bytes = Buffer.from(body)
      const answer = relay.readAnswer(JSON.parse(body) as JsonObject, bytes, callTo('m'))
      const { usage } = JSON.parse(body) as { usage: Record<string, number> }
      expect(answer.body).toBe(bytes)
      expect(answer.usage).toMatchObject({
        inputTokens: usage.input_tokens,
        outputTokens: usage.output_tokens,
      })
      expect(answer.finishes).toHaveLength(1)
    })
  },
)

describe.skipIf(!present)('recordings through the neutral model and back', () => {
  it.each(streams)('stream $name means the same', ({ body }) => {
    const events = read(body)
    const again = read(
      written(events)
        .map((event) => `data: ${JSON.stringify(event)}\n\n`)
        .join(''),
    )
    expect(meaningOf(again)).toEqual(meaningOf(events))
  })

  it.each(answers)('answer $name means the same', ({ body }) => {
    const answer = readAnswer(JSON.parse(body) as JsonObject, callTo('m'))
    const rendered = openaiResponses.clientSide?.renderAnswer(answer, renderContext()) ?? {}
    const again = readAnswer(JSON.parse(JSON.stringify(rendered)) as JsonObject, callTo('m'))
    const content = ({ choices: [choice] }: typeof answer) => ({
      text: choice?.parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
      others: choice?.parts.filter(
        (part) => part.type === 'tool-call' || part.type === 'extension',
      ),
      annotations: choice?.annotations,
      finish: choice?.finish,
    })
    expect(content(again)).toEqual(content(answer))
    expect([again.usage?.inputTokens, again.usage?.outputTokens]).toEqual([
      answer.usage?.inputTokens,
      answer.usage?.outputTokens,
    ])
  })
})

function read(body: string): StreamEvent[] {
  const reader = new ResponsesReader(callTo('m', { stream: true }))
  const splitter = new SseFrameSplitter(10_000_000)
  const frames = [...splitter.push(Buffer.from(body)), ...splitter.rest()]
  return frames.flatMap((frame) => reader.read(frame))
}

function meaningOf(events: readonly StreamEvent[]) {
  const asText = (type: 'text' | 'reasoning' | 'refusal') =>
    events.map((event) => (event.type === type ? event.text : '')).join('')
  return {
    text: asText('text'),
    reasoning: asText('reasoning'),
    refusal: asText('refusal'),
    calls: events.filter((event) => event.type === 'tool-call'),
    arguments: events
      .filter((event) => event.type === 'tool-arguments')
      .map(({ index, text }) => `${index}:${text}`),
    parts: events.filter((event) => event.type === 'part'),
    annotations: events.flatMap((event) => (event.type === 'annotations' ? event.value : [])),
    finish: events.filter((event) => event.type === 'finish'),
    tokens: events.flatMap((event) =>
      event.type === 'usage' ? [event.usage.inputTokens, event.usage.outputTokens] : [],
    ),
  }
}
