import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer, StreamEvent } from '../../model/events.ts'
import { parseFrames, SseSplitter } from '../../wire/sse.ts'
import { gemini } from '../index.ts'
import { isObject, asList } from '../../wire/json.ts'

/** Meaning of an answer, whole or streamed. */
interface Meaning {
  text: string
  reasoning: string
  signatures: string[]
  calls: { name: string; args: unknown }[]
  finish: string | undefined
  tokens: [input: number, output: number] | undefined
}

const folder = new URL('../../../../../../../shared/recordings/gemini/', import.meta.url)
const required = process.env['REQUIRE_RECORDINGS'] === '1'
const present = existsSync(folder)
const files = present ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
const recordings = files.map((name) => {
  const { response } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
    response: { status: number; body: string }
  }
  return { name, status: response.status, body: response.body }
})
const streams = recordings.filter(({ status, body }) => status === 200 && body.startsWith('data:'))
const answers = recordings.filter(({ status, body }) => status === 200 && !body.startsWith('data:'))
const failures = recordings.filter(({ status }) => status !== 200)

function callContext(stream: boolean): CallContext {
  let ids = 0
  return {
    provider: 'gemini',
    model: 'm',
    stream,
    quirks: {},
    newId: (prefix) => `${prefix}${++ids}`,
  }
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
      const expected = meaningOfChunks(
        body
          .split('\r\n\r\n')
          .filter((event) => event !== '')
          .map((event) => JSON.parse(event.slice(5)) as JsonObject),
      )
      for (const size of [bytes.length, 97, 13, 1]) {
        const reader = gemini.providerSide.openReader(callContext(true))
        const events: StreamEvent[] = []
        const splitter = new SseSplitter(1_000_000)
        for (let at = 0; at < bytes.length; at += size) {
          const block = splitter.push(bytes.subarray(at, at + size))
          for (const frame of block === undefined ? [] : parseFrames(block))
            events.push(...reader.read(frame))
        }
        expect(meaningOfEvents(events)).toEqual(expected)
        expect(reader.complete).toBe(true)
      }
    })

    it.each(streams)('stream $name cut short is not complete', ({ body }) => {
      const frames = parseFrames(Buffer.from(body))
      const reader = gemini.providerSide.openReader(callContext(true))
      for (const frame of frames.slice(0, -1)) reader.read(frame)
      expect(reader.complete).toBe(false)
    })

    it.each(answers)('answer $name', ({ body }) => {
      const parsed = JSON.parse(body) as JsonObject
      expect(meaningOfAnswer(gemini.providerSide.readAnswer(parsed, callContext(false)))).toEqual(
        meaningOfChunks([parsed]),
      )
    })

    it.each(failures)('failure $name', ({ status, body }) => {
      const error = gemini.providerSide.readError({
        status,
        headers: {},
        body,
        provider: 'gemini',
        model: 'm',
      })
      expect(error).toMatchObject({
        code: 'provider_credentials',
        details: { upstreamStatus: status, providerCode: 'API_KEY_INVALID' },
      })
      expect(error.message).not.toContain('Please pass a valid API key')
    })
  },
)

function silence(): Meaning {
  return {
    text: '',
    reasoning: '',
    signatures: [],
    calls: [],
    finish: undefined,
    tokens: undefined,
  }
}

/** Read without any of the code under test, as the documentation of the format has it. */
function meaningOfChunks(chunks: readonly JsonObject[]): Meaning {
  const meaning = silence()
  for (const chunk of chunks) {
    const usage = chunk['usageMetadata'] as Record<string, number> | undefined
    if (usage?.['promptTokenCount'] !== undefined) {
      meaning.tokens = [
        usage['promptTokenCount'],
        (usage['candidatesTokenCount'] ?? 0) + (usage['thoughtsTokenCount'] ?? 0),
      ]
    }
    const [candidate] = chunk['candidates'] as {
      content?: { parts?: JsonObject[] }
      finishReason?: string
    }[]
    for (const part of candidate?.content?.parts ?? []) addPart(meaning, part)
    if (candidate?.finishReason !== undefined) meaning.finish = candidate.finishReason
  }
  if (meaning.finish === 'STOP') meaning.finish = meaning.calls.length > 0 ? 'tool_calls' : 'stop'
  else if (meaning.finish === 'MAX_TOKENS') meaning.finish = 'length'
  return meaning
}

function addPart(meaning: Meaning, part: JsonObject): void {
  const { text, thought, thoughtSignature, functionCall } = part
  if (typeof text === 'string') meaning[thought === true ? 'reasoning' : 'text'] += text
  if (typeof thoughtSignature === 'string') meaning.signatures.push(thoughtSignature)
  if (!isObject(functionCall)) return
  if (typeof functionCall['name'] === 'string')
    meaning.calls.push({ name: functionCall['name'], args: functionCall['args'] ?? {} })
  const args = meaning.calls.at(-1)?.args as Record<string, string>
  for (const piece of asList(functionCall['partialArgs']).filter(isObject)) {
    const name = String(piece['jsonPath']).slice(2)
    args[name] = (args[name] ?? '') + String(piece['stringValue'])
  }
}

function meaningOfEvents(events: readonly StreamEvent[]): Meaning {
  const meaning = silence()
  const written: string[] = []
  for (const event of events) {
    if (event.type === 'text') meaning.text += event.text
    else if (event.type === 'reasoning') meaning.reasoning += event.text
    else if (event.type === 'reasoning-signature') meaning.signatures.push(event.signature.value)
    else if (event.type === 'usage')
      meaning.tokens = [event.usage.inputTokens, event.usage.outputTokens]
    else if (event.type === 'finish') meaning.finish = event.finish.reason
    else if (event.type === 'tool-call') {
      expect(event.index).toBe(meaning.calls.length)
      meaning.calls.push({ name: event.name, args: undefined })
      if (event.signature !== undefined) meaning.signatures.push(event.signature.value)
    } else if (event.type === 'tool-arguments')
      written[event.index] = (written[event.index] ?? '') + event.text
    else expect(event.type).toBe('start')
  }
  return {
    ...meaning,
    calls: meaning.calls.map(({ name }, index) => ({
      name,
      args: JSON.parse(written[index] ?? '') as unknown,
    })),
  }
}

function meaningOfAnswer({ choices, usage }: Answer): Meaning {
  const meaning = silence()
  for (const part of choices[0]?.parts ?? []) {
    if (part.type === 'text') meaning.text += part.text
    else if (part.type === 'reasoning') meaning.reasoning += part.text
    else if (part.type === 'tool-call')
      meaning.calls.push({ name: part.name, args: JSON.parse(part.arguments) as unknown })
    if ('signature' in part && part.signature !== undefined)
      meaning.signatures.push(part.signature.value)
  }
  return {
    ...meaning,
    finish: choices[0]?.finish.reason,
    tokens: usage === undefined ? undefined : [usage.inputTokens, usage.outputTokens],
  }
}
