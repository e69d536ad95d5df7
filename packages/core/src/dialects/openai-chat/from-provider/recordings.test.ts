import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import { parseFrames, SseSplitter } from '../../wire/sse.ts'
import { readAnswer } from './answer.ts'
import { readError } from '../to-client/errors.ts'
import { asList, asObject, asObjects } from '../../wire/json.ts'
import { ChunkReader } from './stream.ts'
import { ChunkRenderer } from '../to-client/stream.ts'

const folder = new URL('../../../../../../../shared/recordings/openai-chat/', import.meta.url)
const present = existsSync(folder)
const required = process.env.REQUIRE_RECORDINGS === '1'

interface Recording {
  readonly name: string
  readonly provider: string
  readonly status: number
  readonly body: string
}

function load(name: string): Recording {
  const { provider, response } = JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
  const body = typeof response.body === 'string' ? response.body : JSON.stringify(response.body)
  return { name, provider, status: response.status, body }
}

const recordings = present
  ? readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map(load)
  : []
const isStream = (recording: Recording) => /^(data:|:|event:)/.test(recording.body)
const answered = recordings.filter((recording) => recording.status < 400)
const call: CallContext = {
  provider: 'acme',
  model: 'physical',
  stream: true,
  quirks: {},
  newId: (prefix) => `${prefix}new`,
}

/** Cuts of 1 to 97 bytes, the same in every run. */
function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 31) % 97 || 97)
    yield bytes.subarray(at, at + size)
}

function read(chunks: Iterable<Uint8Array>) {
  const splitter = new SseSplitter(1 << 20)
  const reader = new ChunkReader(call)
  const events: StreamEvent[] = []
  for (const chunk of chunks)
    for (const frame of parseFrames(splitter.push(chunk) ?? new Uint8Array(0)))
      events.push(...reader.read(frame))
  const rest = splitter.rest()
  for (const frame of rest === undefined ? [] : parseFrames(rest))
    events.push(...reader.read(frame))
  return { events, complete: reader.complete }
}

const textOfEvents = (events: readonly StreamEvent[], type: 'text' | 'reasoning') =>
  events.map((event) => (event.type === type ? event.text : '')).join('')

/** `content` of the raw deltas, joined without our code. */
function rawText(recording: Recording): string {
  const payloads = recording.body.split(/\r?\n/).filter((line) => line.startsWith('data: {'))
  return payloads
    .map((line) => asObject(asObject(asList(JSON.parse(line.slice(6)).choices)[0])?.delta)?.content)
    .map((content) =>
      typeof content === 'string'
        ? content
        : asObjects(content)
            .map((part) => (part.type === 'text' ? part.text : ''))
            .join(''),
    )
    .join('')
}

it.skipIf(!present && !required)(
  'the recordings are there (skipped where their folder does not lie beside the project)',
  () => expect(recordings.length).toBeGreaterThan(0),
)

describe.skipIf(!present)(
  'recorded streams (skipped where the folder of recordings does not lie beside the project)',
  () => {
    it.each(answered.filter(isStream))('$name', (recording) => {
      const bytes = Buffer.from(recording.body)
      const { events, complete } = read([bytes])
      expect(read(cut(bytes))).toEqual({ events, complete })
      expect(events.some((event) => event.type === 'error')).toBe(false)
      expect(textOfEvents(events, 'text')).toBe(rawText(recording))
      expect(complete).toBe(/"finish_reason":\s*"/.test(recording.body))

      const renderer = new ChunkRenderer({
        requestId: 'r',
        model: 'm',
        created: 1,
        includeUsage: true,
      })
      const rendered = events.map((event) => renderer.event(event)).join('') + renderer.end()
      const again = read([Buffer.from(rendered)])
      const usage = events.findLast((event) => event.type === 'usage')
      for (const type of ['text', 'reasoning'] as const)
        expect(textOfEvents(again.events, type)).toBe(textOfEvents(events, type))
      for (const type of ['tool-call', 'tool-arguments', 'finish'] as const) {
        expect(again.events.filter((event) => event.type === type)).toEqual(
          events.filter((event) => event.type === type),
        )
      }
      if (usage === undefined) expect(rendered).not.toContain('prompt_tokens')
      else
        expect(again.events.findLast((event) => event.type === 'usage')?.usage).toMatchObject({
          inputTokens: usage.usage.inputTokens,
          outputTokens: usage.usage.outputTokens,
        })
    })
  },
)

describe.skipIf(!present)(
  'recorded answers (skipped where the folder of recordings does not lie beside the project)',
  () => {
    it.each(answered.filter((recording) => !isStream(recording)))('$name', (recording) => {
      const body = JSON.parse(recording.body) as JsonObject
      const answer = readAnswer(body, call)
      const [raw] = asObjects(body.choices)
      const message = asObject(raw?.message) ?? {}
      const parts = answer.choices[0]?.parts ?? []
      const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
      if (typeof message.content === 'string') expect(text).toBe(message.content)
      expect(
        parts
          .filter((part) => part.type === 'tool-call')
          .map(({ id, name, arguments: args }) => ({ id, function: { name, arguments: args } })),
      ).toMatchObject(
        asObjects(message.tool_calls).map((item) => ({
          id: item.id,
          function: asObject(item.function),
        })),
      )
      expect(answer.choices[0]?.finish.reason).toBe(raw?.finish_reason)
      const total = asObject(body.usage)?.total_tokens
      expect((answer.usage?.inputTokens ?? 0) + (answer.usage?.outputTokens ?? 0)).toBe(total)
    })
  },
)

describe.skipIf(!present)(
  'recorded errors (skipped where the folder of recordings does not lie beside the project)',
  () => {
    it.each(recordings.filter((recording) => recording.status >= 400))(
      '$name',
      ({ status, body, provider }) => {
        const error = readError({ status, headers: {}, body, provider, model: 'm' })
        expect(error.code).toBe(status === 401 ? 'provider_credentials' : 'provider_rejected')
        expect(error.details.upstreamStatus).toBe(status)
      },
    )
  },
)
