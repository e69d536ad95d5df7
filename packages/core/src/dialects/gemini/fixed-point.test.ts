import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Part } from '../model/conversation.ts'
import type { JsonObject } from '../model/json-object.ts'
import { callContext, parsed } from './from-client/request.fake.ts'
import { buildRequest } from './to-provider/request.ts'

/**
 * A14: what a client says means the same after it went through the neutral model, so the first pass
 * loses nothing and a second one changes nothing. Left out on purpose: thoughts without a proof and
 * proofs of others, which are dropped and reported.
 */
const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const name = fc.stringMatching(/^[a-z]{1,8}$/)
const base64 = fc.base64String({ minLength: 4, maxLength: 16 })
const list = <T>(part: fc.Arbitrary<T>) => fc.array(part, { minLength: 1, maxLength: 3 })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const object = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
const without = (value: unknown) => JSON.parse(JSON.stringify(value)) as JsonObject

const text = fc.record({ text: word })
const inline = fc.record({
  inlineData: fc.record({
    mimeType: fc.constantFrom(
      'image/png',
      'application/pdf',
      'audio/wav',
      'audio/mpeg',
      'video/mp4',
    ),
    data: base64,
  }),
})
const file = fc.record({
  fileData: fc.constantFrom(
    { fileUri: 'https://x.test/a.png' },
    { fileUri: 'https://x.test/b.pdf', mimeType: 'application/pdf' },
  ),
})
const code = fc.record({
  executableCode: fc.record({ language: fc.constant('PYTHON'), code: word }),
})
const user = fc.record({
  role: fc.constantFrom('user', undefined),
  parts: list(fc.oneof(text, inline, file)),
})

const signature = fc.record({ text: fc.constant(''), thoughtSignature: base64 })
const answer = fc.record({
  role: fc.constant('model'),
  parts: list(fc.oneof(text, signature, code)),
})

/** Calls, and their responses in any order. */
const step = list(
  fc.record({
    name,
    id: optional(fc.stringMatching(/^own-[a-z]{1,3}$/)),
    args: optional(object),
    response: fc.oneof(object, fc.record({ result: word }), fc.record({ error: word })),
    signature: optional(base64),
  }),
).chain((calls) =>
  fc.shuffledSubarray(calls, { minLength: calls.length }).map((answered) => [
    {
      role: 'model',
      parts: calls.map(({ name: called, id, args, signature: thoughtSignature }) => ({
        functionCall: { name: called, id, args },
        thoughtSignature,
      })),
    },
    {
      role: 'user',
      parts: answered.map(({ name: called, id, response }) => ({
        functionResponse: { name: called, id, response },
      })),
    },
  ]),
)

const tools = list(
  fc.oneof(
    fc.record({
      functionDeclarations: list(
        fc.record({
          name,
          description: optional(word),
          parameters: optional(
            fc.constant({ type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } }),
          ),
        }),
      ),
    }),
    fc.constant({ googleSearch: {} }),
  ),
)
const config = fc.record({
  temperature: optional(fc.double({ min: 0, max: 2, noNaN: true })),
  topK: optional(fc.integer({ min: 1, max: 40 })),
  maxOutputTokens: optional(fc.integer({ min: 1, max: 9000 })),
  stopSequences: optional(list(word)),
  seed: optional(fc.integer({ min: 0, max: 1000 })),
  candidateCount: optional(fc.integer({ min: 1, max: 3 })),
  responseMimeType: optional(fc.constantFrom('application/json', 'text/plain')),
  thinkingConfig: optional(fc.record({ thinkingBudget: fc.constantFrom(-1, 0, 1024, 9000) })),
})
const request = fc.record({
  systemInstruction: optional(fc.record({ parts: list(text) })),
  contents: fc
    .tuple(
      user,
      fc.array(
        fc.oneof(
          user.map((content) => [content]),
          answer.map((content) => [content]),
          step,
        ),
        { maxLength: 4 },
      ),
    )
    .map(([first, rest]) => [first, ...rest.flat()]),
  tools: optional(tools),
  toolConfig: optional(
    fc.record({
      functionCallingConfig: fc.record({ mode: fc.constantFrom('AUTO', 'ANY', 'NONE') }),
    }),
  ),
  generationConfig: optional(config),
  safetySettings: optional(fc.constant([{ category: 'c', threshold: 't' }])),
})

function pass(body: JsonObject): JsonObject {
  return without(buildRequest(parsed(body).conversation(), callContext({ stream: false })).body)
}

/**
 * All content with its roles, in order; results of one step in the order of their
 * calls, turns joined.
 */
function said(body: JsonObject): unknown[] {
  const { messages, tools: offered, extensions } = parsed(body).conversation()
  const calls = messages.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])),
  )
  const position = (part: Part): number =>
    part.type === 'tool-result' ? calls.indexOf(part.id) : 0
  const spoken = messages.flatMap(({ role, parts }) =>
    parts.toSorted((a, b) => position(a) - position(b)).map((part) => ({ role, part })),
  )
  return [spoken, new Set(offered), extensions]
}

it('a request is a fixed point of the neutral model', () => {
  fc.assert(
    fc.property(request.map(without), (body) => {
      const once = pass(body)
      expect(pass(once)).toEqual(once)
      expect(said(once)).toEqual(said(body))
    }),
    { numRuns: 300 },
  )
})
