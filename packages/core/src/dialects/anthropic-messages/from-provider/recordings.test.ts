import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer, StreamEvent } from '../../model/events.ts'
import { parseFrames, SseSplitter } from '../../wire/sse.ts'
import { anthropicMessages } from '../index.ts'

/** Meaning of an answer, whole or streamed. */
interface Meaning {
  id: unknown
  text: string
  /** Thinking and signature of each block, or the data of a redacted one. */
  reasoning: string[]
  calls: { id: unknown; name: unknown; input: unknown }[]
  serverBlocks: number
  stopReason: string
  tokens: Record<'input' | 'cached' | 'written' | 'output', number | undefined>
}

const folder = new URL(
  '../../../../../../../shared/recordings/anthropic-messages/',
  import.meta.url,
)
const required = process.env.REQUIRE_RECORDINGS === '1'
const present = existsSync(folder)
const files = present ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
const recordings = files.map((name) => {
  const { response } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
    response: { status: number; body: string }
  }
  return { name, status: response.status, body: response.body }
})
const streams = recordings.filter(({ status, body }) => status === 200 && body.startsWith('event:'))
const answers = recordings.filter(
  ({ status, body }) => status === 200 && !body.startsWith('event:'),
)
const failures = recordings.filter(({ status }) => status !== 200)

function callContext(stream: boolean): CallContext {
  return { provider: 'claude', model: 'm', stream, quirks: {}, newId: (prefix) => `${prefix}new` }
}

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
      const expected = meaningOfMessage(assemble(body))
      for (const size of [bytes.length, 97, 13, 1]) {
        const reader = anthropicMessages.providerSide.openReader(callContext(true))
        const splitter = new SseSplitter(1_000_000)
        const events: StreamEvent[] = []
        const take = (block: Uint8Array | undefined) => {
          for (const frame of block === undefined ? [] : parseFrames(block))
            events.push(...reader.read(frame))
        }
        for (let at = 0; at < bytes.length; at += size)
          take(splitter.push(bytes.subarray(at, at + size)))
        take(splitter.rest())
        expect(meaningOfEvents(events)).toEqual(expected)
        expect(reader.complete).toBe(true)
      }
    })

    it.each(streams)('stream $name cut short is not complete', ({ body }) => {
      const reader = anthropicMessages.providerSide.openReader(callContext(true))
      for (const frame of parseFrames(Buffer.from(body)).slice(0, -1)) reader.read(frame)
      expect(reader.complete).toBe(false)
    })

    it.each(answers)('answer $name', ({ body }) => {
      const message = JSON.parse(body) as JsonObject
      expect(
        meaningOfAnswer(anthropicMessages.providerSide.readAnswer(message, callContext(false))),
      ).toEqual(meaningOfMessage(message))
    })

    it.each(failures)('failure $name', ({ status, body }) => {
      const error = anthropicMessages.providerSide.readError({
        status,
        headers: {},
        body,
        provider: 'claude',
        model: 'm',
      })
      const { type } = (JSON.parse(body) as { error: { type: string } }).error
      expect(error.details).toMatchObject({ upstreamStatus: status, providerCode: type })
    })
  },
)

/** The message a stream builds, put together straight from its events. */
function assemble(body: string): JsonObject {
  let message: JsonObject = {}
  const blocks: JsonObject[] = []
  for (const line of body.split('\n').filter((text) => text.startsWith('data:'))) {
    const event = JSON.parse(line.slice(5))
    if (event.type === 'message_start') message = event.message
    else if (event.type === 'content_block_start')
      blocks[event.index] = { ...event.content_block, json: '' }
    else if (event.type === 'content_block_delta') append(blocks[event.index] ?? {}, event.delta)
    else if (event.type === 'message_delta')
      message = {
        ...message,
        ...event.delta,
        usage: { ...(message.usage as JsonObject), ...event.usage },
      }
  }
  const content = blocks.map(({ json, ...block }) =>
    json === '' ? block : { ...block, input: JSON.parse(String(json)) },
  )
  return { ...message, content }
}

function append(block: JsonObject, delta: JsonObject): void {
  if (delta.type === 'text_delta') block.text = `${block.text}${delta.text}`
  else if (delta.type === 'thinking_delta') block.thinking = `${block.thinking}${delta.thinking}`
  else if (delta.type === 'signature_delta') block.signature = delta.signature
  else if (delta.type === 'input_json_delta') block.json = `${block.json}${delta.partial_json}`
}

function meaningOfMessage(message: JsonObject): Meaning {
  const blocks = message.content as JsonObject[]
  const usage = message.usage as Record<string, number>
  const { cache_read_input_tokens: cached, cache_creation_input_tokens: written } = usage
  const known = ['text', 'thinking', 'redacted_thinking', 'tool_use']
  return {
    id: message.id,
    text: blocks.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    reasoning: blocks.flatMap((block) => {
      if (block.type === 'redacted_thinking') return [String(block.data)]
      return block.type === 'thinking' ? [`${block.thinking}|${block.signature}`] : []
    }),
    calls: blocks
      .filter((block) => block.type === 'tool_use')
      .map(({ id, name, input }) => ({ id, name, input })),
    serverBlocks: blocks.filter((block) => !known.includes(String(block.type))).length,
    stopReason:
      { end_turn: 'stop', stop_sequence: 'stop', tool_use: 'tool_calls', max_tokens: 'length' }[
        String(message.stop_reason)
      ] ?? 'unknown',
    tokens: {
      input: (usage.input_tokens ?? 0) + (cached ?? 0) + (written ?? 0),
      cached,
      written,
      output: usage.output_tokens,
    },
  }
}

function meaningOfAnswer(answer: Answer): Meaning {
  const parts = answer.choices[0]?.parts ?? []
  return {
    id: answer.id,
    text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    reasoning: parts.flatMap((part) => {
      if (part.type !== 'reasoning') return []
      return [
        part.redacted ? String(part.signature?.value) : `${part.text}|${part.signature?.value}`,
      ]
    }),
    calls: parts.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ id: part.id, name: part.name, input: JSON.parse(part.arguments) }]
        : [],
    ),
    serverBlocks: parts.filter((part) => part.type === 'extension').length,
    stopReason: String(answer.choices[0]?.finish.reason),
    tokens: tokensOf(answer.usage),
  }
}

function meaningOfEvents(events: readonly StreamEvent[]): Meaning {
  const meaning: Meaning = {
    id: undefined,
    text: '',
    reasoning: [],
    calls: [],
    serverBlocks: 0,
    stopReason: '',
    tokens: tokensOf(undefined),
  }
  const inputs: string[] = []
  let thinking = ''
  for (const event of events) {
    if (event.type === 'start') meaning.id = event.id
    else if (event.type === 'text') meaning.text += event.text
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
    else if (event.type === 'part') meaning.serverBlocks += 1
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
