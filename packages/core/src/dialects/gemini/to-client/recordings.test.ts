import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asList, asObjects } from '../../wire/json.ts'
import { SseFrameSplitter } from '../../wire/sse.ts'
import {
  callContext,
  hello,
  parsed,
  renderContext,
  streamRequest,
} from '../from-client/request.fake.ts'
import { gemini } from '../index.ts'
import { GenerateStreamRelay } from '../relay/stream.ts'
import { ChunkRenderer } from './stream.ts'

const folder = new URL('../../../../../../../shared/recordings/gemini/', import.meta.url)
const required = process.env['REQUIRE_RECORDINGS'] === '1'
const present = existsSync(folder)
const recordings = (
  present ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
).map((name) => {
  const { response } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
    response: { status: number; body: string }
  }
  return { name, status: response.status, body: response.body }
})
const streams = recordings.filter(({ status, body }) => status === 200 && body.startsWith('data:'))
const answers = recordings.filter(({ status, body }) => status === 200 && !body.startsWith('data:'))

/**
 * A client's reading of chunks, by the documentation of the format; nothing of the code
 * under test.
 */
function meaningOf(chunks: readonly JsonObject[]) {
  const meaning = {
    text: '',
    reasoning: '',
    signatures: [] as unknown[],
    calls: [] as { name: unknown; args: JsonObject }[],
    finish: undefined as unknown,
    tokens: [0, 0, 0],
  }
  for (const chunk of chunks) {
    const usage = chunk['usageMetadata'] as Record<string, number> | undefined
    if (usage?.['promptTokenCount'] !== undefined) {
      const thoughts = usage['thoughtsTokenCount'] ?? 0
      meaning.tokens = [
        usage['promptTokenCount'] + (usage['toolUsePromptTokenCount'] ?? 0),
        (usage['candidatesTokenCount'] ?? 0) + thoughts,
        thoughts,
      ]
    }
    const [candidate] = asObjects(chunk['candidates'])
    for (const part of asObjects((candidate?.['content'] as JsonObject | undefined)?.['parts'])) {
      if (typeof part['text'] === 'string')
        meaning[part['thought'] === true ? 'reasoning' : 'text'] += part['text']
      if (part['thoughtSignature'] !== undefined) meaning.signatures.push(part['thoughtSignature'])
      const call = part['functionCall'] as JsonObject | undefined
      if (call?.['name'] !== undefined)
        meaning.calls.push({
          name: call['name'],
          args: { ...(call['args'] as JsonObject | undefined) },
        })
      for (const { jsonPath, stringValue } of asObjects(call?.['partialArgs'])) {
        const args = meaning.calls.at(-1)?.args ?? {}
        args[String(jsonPath).slice(2)] =
          `${(args[String(jsonPath).slice(2)] as string | undefined) ?? ''}${String(stringValue)}`
      }
    }
    meaning.finish = candidate?.['finishReason'] ?? meaning.finish
  }
  return meaning
}

const chunksOf = (body: string) =>
  body
    .split(/\r?\n\r?\n/)
    .filter((event) => event !== '')
    .map((event) => JSON.parse(event.slice(5)) as JsonObject)
const pieces = (bytes: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )

function relayed(body: Uint8Array, size: number, form: 'events' | 'array' = 'events') {
  const request = streamRequest(form)
  const relay = new GenerateStreamRelay(request, {
    call: callContext(),
    render: renderContext(request),
    maxEventBytes: 1_000_000,
  })
  const output = pieces(body, size).map((piece) => Buffer.from(relay.push(piece) ?? ''))
  output.push(Buffer.from(relay.flush() ?? ''))
  return { relay, output: Buffer.concat(output).toString() }
}

/**
 * As a client of the dialect gets it from the neutral model: what another provider's answer goes
 * through.
 */
function rendered(body: Uint8Array, size: number, form: 'events' | 'array'): string {
  const reader = gemini.providerSide.openReader(callContext())
  const renderer = new ChunkRenderer(renderContext(streamRequest(form)))
  const splitter = new SseFrameSplitter(1_000_000)
  const frames = [
    ...pieces(body, size).flatMap((piece) => splitter.push(piece)),
    ...splitter.rest(),
  ]
  return (
    frames
      .flatMap((frame) => reader.read(frame))
      .map((event) => renderer.event(event))
      .join('') + renderer.end()
  )
}

describe.skipIf(!present && !required)(
  `recordings${present ? '' : ' (skipped: no recordings beside the project)'}`,
  () => {
    it('are there', () => {
      expect([streams.length, answers.length].every((count) => count > 0)).toBe(true)
    })

    it.each(streams)('stream $name is relayed to the byte, wherever it is cut', ({ body }) => {
      const bytes = Buffer.from(body)
      const { finish, calls, tokens } = meaningOf(chunksOf(body))
      for (const size of [bytes.length, 1021, 97, 13, 1]) {
        const { relay, output } = relayed(bytes, size)
        expect(output).toBe(body)
        expect(relay).toMatchObject({
          complete: true,
          error: undefined,
          usage: { inputTokens: tokens[0], outputTokens: tokens[1] },
        })
        expect(relay.finishes).toHaveLength(1)
        expect(relay.finishes[0]?.reason).toBe(
          calls.length > 0 ? 'tool_calls' : { STOP: 'stop', MAX_TOKENS: 'length' }[String(finish)],
        )
      }
    })

    it.each(streams)('stream $name is an array for who asks for one', ({ body }) => {
      const { relay, output } = relayed(Buffer.from(body), 97, 'array')
      expect(JSON.parse(output + relay.end())).toEqual(chunksOf(body))
    })

    it.each(streams)('stream $name cut anywhere before its end is not complete', ({ body }) => {
      const lastEvent = body.lastIndexOf('data:')
      const broken = new GatewayError('upstream_truncated', 'cut')
      for (let at = 1; at < lastEvent; at += Math.max(1, Math.floor(lastEvent / 23))) {
        const { relay, output } = relayed(Buffer.from(body).subarray(0, at), 97)
        expect(relay.complete).toBe(false)
        expect(output + relay.fail(broken)).not.toContain('"finishReason"')
      }
    })

    it.each(streams)(
      'stream $name means the same after the neutral model, in both forms',
      ({ body }) => {
        const bytes = Buffer.from(body)
        const expected = meaningOf(chunksOf(body))
        for (const size of [bytes.length, 13]) {
          expect(meaningOf(chunksOf(rendered(bytes, size, 'events')))).toEqual(expected)
          expect(meaningOf(JSON.parse(rendered(bytes, size, 'array')) as JsonObject[])).toEqual(
            expected,
          )
        }
      },
    )

    it.each(answers)('answer $name is relayed as it came', ({ body }) => {
      const bytes = Buffer.from(body)
      const parsedBody = JSON.parse(body) as JsonObject
      const { tokens } = meaningOf([parsedBody])
      const answer = gemini.relay?.readAnswer(parsedBody, bytes, callContext({ stream: false }))
      expect(answer?.body).toBe(bytes)
      expect(answer).toMatchObject({ usage: { inputTokens: tokens[0], outputTokens: tokens[1] } })
      expect(answer?.finishes).toEqual(
        gemini.providerSide
          .readAnswer(parsedBody, callContext())
          .choices.map(({ finish }) => finish),
      )
    })

    it.each(answers)(
      'answer $name means the same after the neutral model, also as history',
      ({ body }) => {
        const parsedBody = JSON.parse(body) as JsonObject
        const answer = gemini.providerSide.readAnswer(parsedBody, callContext({ stream: false }))
        const again = gemini.clientSide?.renderAnswer(answer, renderContext(parsed())) ?? {}
        expect(meaningOf([again])).toEqual(meaningOf([parsedBody]))
        const [candidate] = asObjects(again['candidates'])
        const [said, spoken] = parsed({
          contents: [...asList(hello['contents']), candidate?.['content']],
        }).conversation().messages
        expect(said?.role).toBe('user')
        const spokenSignatures = spoken?.parts.flatMap((part) =>
          'signature' in part && part.signature !== undefined ? [part.signature.value] : [],
        )
        expect(spokenSignatures).toEqual(meaningOf([parsedBody]).signatures)
      },
    )
  },
)
