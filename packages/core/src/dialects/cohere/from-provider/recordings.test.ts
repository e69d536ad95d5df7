import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message, Part } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { StreamEvent } from '../../model/events.ts'
import type { Usage } from '../../model/usage.ts'
import { asObject, asObjects, parseObject } from '../../wire/json.ts'
import { parseFrames } from '../../wire/sse.ts'
import { cohere } from '../index.ts'
import { build, callTo, contentOf, partsOf, replay, streamOf } from '../to-provider/wire.fake.ts'

/** Meaning of an answer, whole or streamed. */
interface Meaning {
  id: unknown
  text: string
  reasoning: string
  calls: { id: unknown; name: unknown; input: unknown }[]
  finish: unknown
  tokens: Record<'input' | 'output' | 'cached', unknown>
}

const folder = new URL('../../../../../../../shared/recordings/cohere/', import.meta.url)
const required = process.env.REQUIRE_RECORDINGS === '1'
const present = existsSync(folder)
const recordings = (
  present ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
).map((name) => {
  const { request, response } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
    request?: { path: string; body: JsonObject }
    response: { status: number; body: string }
  }
  return { name, request, ...response }
})
const streams = recordings.filter(({ status, body }) => status === 200 && body.startsWith('event:'))
const answers = recordings.filter(
  ({ status, body }) => status === 200 && !body.startsWith('event:'),
)
const failures = recordings.filter(({ status }) => status !== 200)
const requests = recordings.flatMap(({ name, status, request }) =>
  request?.path === '/v2/chat' && status === 200 ? [{ name, sent: request.body }] : [],
)
const pairs = answers.flatMap(({ name, body }) => {
  const stream = streams.find((other) => other.name === name.replace(/\.json$/, '.stream.json'))
  return stream === undefined ? [] : [{ name, body, stream: stream.body }]
})

describe.skipIf(!present && !required)(
  `recordings${present ? '' : ' (skipped: no recordings beside the project)'}`,
  () => {
    it('are there', () => {
      expect([streams, answers, failures, requests, pairs].every(({ length }) => length > 0)).toBe(
        true,
      )
    })

    it.each(streams)('stream $name, whole and cut anywhere', ({ body }) => {
      const expected = meaningOfMessage(assemble(body))
      const seen = replay(body)
      expect(meaningOfEvents(seen.events)).toEqual(expected)
      expect(seen.complete).toBe(true)
      for (const size of [97, 61, 13, 5, 2, 1]) expect(replay(body, [size])).toEqual(seen)
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
          (sizes) => void expect(replay(body, sizes)).toEqual(seen),
        ),
        { numRuns: 20 },
      )
    })

    it.each(streams)(
      'stream $name is not complete before its last event, and has not ended',
      ({ body }) => {
        const frames = parseFrames(Buffer.from(body))
        const last = frames.findIndex(({ event }) => event === 'message-end')
        const reader = cohere.providerSide.openReader(callTo({ stream: true }))
        for (const [at, frame] of frames.entries()) {
          const events = reader.read(frame)
          expect(reader.complete).toBe(at >= last)
          expect(events.some(({ type }) => type === 'finish' || type === 'usage')).toBe(at === last)
        }
        const without = Buffer.from(body.replace(/event: message-end\n.*\n\n/, ''))
        expect(replay(without).complete).toBe(false)
      },
    )

    it.each(answers)('answer $name', ({ body }) => {
      expect(meaningOfAnswer(body)).toEqual(meaningOfMessage(JSON.parse(body) as JsonObject))
    })

    it.each(answers)('answer $name says the same as a stream', ({ body }) => {
      expect(
        meaningOfEvents(replay(streamOf(JSON.parse(body) as JsonObject), [7, 1, 31]).events),
      ).toEqual(meaningOfAnswer(body))
    })

    // The model was asked twice, so its words differ; what it did does not.
    it.each(pairs)('answer $name and its stream agree', ({ body, stream }) => {
      const kinds = ({ text, reasoning, calls, finish, tokens }: Meaning) => ({
        speaks: text !== '',
        thinks: reasoning !== '',
        calls: calls.map(({ name, input }) => ({ name, input })),
        finish,
        hasTokens: tokens.input !== undefined,
      })
      expect(kinds(meaningOfEvents(replay(stream).events))).toEqual(kinds(meaningOfAnswer(body)))
    })

    it.each(requests)('request $name is what the service took', ({ sent }) => {
      const messages = asObjects(sent.messages).map(
        (message) => ({ role: message.role, parts: contentOf(message) }) as Message,
      )
      const { body, dropped } = build(
        { messages, sampling: { temperature: sent.temperature as number | undefined } },
        { model: String(sent.model), stream: sent.stream === true },
      )
      const listed = (request: JsonObject) => ({
        ...request,
        messages: asObjects(request.messages).map((message) => ({
          ...message,
          content: contentOf(message),
        })),
      })
      expect(listed(body)).toEqual(listed(sent))
      expect(dropped).toEqual([])
    })

    it.each(failures)('failure $name', ({ status, body }) => {
      const error = cohere.providerSide.readError({
        status,
        headers: {},
        body,
        provider: 'acme',
        model: 'm',
      })
      expect(error.code).toBe(
        status === 401
          ? 'provider_credentials'
          : status === 404
            ? 'model_not_found'
            : 'provider_rejected',
      )
      expect(error.details.upstreamStatus).toBe(status)
    })
  },
)

/** The answer a stream builds, put together straight from its events. */
function assemble(body: string): JsonObject {
  const whole: JsonObject = {}
  let plan = ''
  const blocks: Record<string, string>[] = []
  const calls: { id: unknown; function: { name: unknown; arguments: string } }[] = []
  for (const line of body.split('\n').filter((text) => text.startsWith('data: {'))) {
    const event = JSON.parse(line.slice(6))
    const { content, tool_plan: planned, tool_calls: call } = event.delta?.message ?? {}
    if (event.type === 'message-start') whole.id = event.id
    else if (event.type === 'content-start') blocks[event.index] = { ...content }
    else if (event.type === 'content-delta')
      for (const [field, text] of Object.entries(content))
        (blocks[event.index] ??= {})[field] = `${blocks[event.index]?.[field] ?? ''}${String(text)}`
    else if (event.type === 'tool-plan-delta') plan += planned
    else if (event.type === 'tool-call-start')
      calls[event.index] = {
        id: call.id,
        function: { name: call.function.name, arguments: call.function.arguments ?? '' },
      }
    else if (event.type === 'tool-call-delta')
      (calls[event.index] as (typeof calls)[number]).function.arguments += call.function.arguments
    else if (event.type === 'message-end') Object.assign(whole, event.delta)
  }
  return { ...whole, message: { content: blocks, tool_plan: plan, tool_calls: calls } }
}

function meaningOfMessage({ id, message, finish_reason: finish, usage }: JsonObject): Meaning {
  const { content, tool_plan: plan, tool_calls: calls } = asObject(message) ?? {}
  const { tokens, cached_tokens: cached } = asObject(usage) ?? {}
  const texts = (field: string) =>
    asObjects(content)
      .map((block) => String(block[field] ?? ''))
      .join('')
  return {
    id,
    text: texts('text') + String(plan ?? ''),
    reasoning: texts('thinking'),
    calls: asObjects(calls).map((call) => ({
      id: call.id,
      name: asObject(call.function)?.name,
      input: parseObject(String(asObject(call.function)?.arguments)) ?? {},
    })),
    finish:
      { COMPLETE: 'stop', STOP_SEQUENCE: 'stop', MAX_TOKENS: 'length', TOOL_CALL: 'tool_calls' }[
        String(finish)
      ] ?? 'unknown',
    tokens: {
      input: asObject(tokens)?.input_tokens,
      output: asObject(tokens)?.output_tokens,
      cached,
    },
  }
}

function meaningOf(
  parts: readonly Part[],
  {
    id,
    finish,
    usage,
  }: { readonly id: unknown; readonly finish: unknown; readonly usage: Usage | undefined },
): Meaning {
  const texts = (type: 'text' | 'reasoning') =>
    parts.map((part) => (part.type === type ? part.text : '')).join('')
  return {
    id,
    text: texts('text'),
    reasoning: texts('reasoning'),
    calls: parts.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ id: part.id, name: part.name, input: JSON.parse(part.arguments) }]
        : [],
    ),
    finish,
    tokens: { input: usage?.inputTokens, output: usage?.outputTokens, cached: usage?.cachedTokens },
  }
}

function meaningOfAnswer(body: string): Meaning {
  const { id, choices, usage } = cohere.providerSide.readAnswer(
    JSON.parse(body) as JsonObject,
    callTo(),
  )
  expect(choices).toHaveLength(1)
  return meaningOf(choices[0]?.parts ?? [], { id, finish: choices[0]?.finish.reason, usage })
}

function meaningOfEvents(events: readonly StreamEvent[]): Meaning {
  const [start, ...rest] = events
  const finishes = rest.flatMap((event) => (event.type === 'finish' ? [event.finish.reason] : []))
  const usages = rest.flatMap((event) => (event.type === 'usage' ? [event.usage] : []))
  expect([start?.type, finishes.length, rest.some(({ type }) => type === 'error')]).toEqual([
    'start',
    1,
    false,
  ])
  return meaningOf(partsOf(rest), {
    id: start?.type === 'start' ? start.id : undefined,
    finish: finishes[0],
    usage: usages[0],
  })
}
