import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Part } from '../model/conversation.ts'
import type { JsonObject } from '../model/json-object.ts'
import { readAnswer } from './from-provider/answer.ts'
import {
  build,
  callTo,
  contentOf,
  partsOf,
  replay,
  says,
  streamOf,
} from './to-provider/wire.fake.ts'

const words = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
const thinking = words.map((text): JsonObject => ({ type: 'thinking', thinking: text }))
const speech = words.map((text): JsonObject => ({ type: 'text', text }))
const input = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,5}$/),
  fc.oneof(fc.string({ maxLength: 9 }), fc.integer(), fc.constant(null)),
  { maxKeys: 3 },
)

const answers = fc.oneof(
  fc
    .array(fc.oneof(thinking, speech), { minLength: 1, maxLength: 5 })
    .map((content): JsonObject => ({ content })),
  fc
    .record({
      thoughts: fc.array(thinking, { maxLength: 2 }),
      plan: fc.option(words),
      inputs: fc.array(input, { minLength: 1, maxLength: 3 }),
    })
    .map(({ thoughts, plan, inputs }): JsonObject => ({
      ...(thoughts.length === 0 ? {} : { content: thoughts }),
      ...(plan === null ? {} : { tool_plan: plan }),
      tool_calls: inputs.map((given, at) => ({
        id: `tool_${at}`,
        type: 'function',
        function: { name: 'tool', arguments: JSON.stringify({ ...given }) },
      })),
    })),
)

function bodyOf(message: JsonObject): JsonObject {
  return {
    id: 'c1',
    message: { role: 'assistant', ...message },
    finish_reason: message.tool_calls === undefined ? 'COMPLETE' : 'TOOL_CALL',
  }
}

/** The answer as a client would send it back, followed by what its calls gave. */
function sentBack(parts: readonly Part[]) {
  const results = parts.flatMap((part) =>
    part.type === 'tool-call'
      ? [
          {
            role: 'tool',
            parts: [{ type: 'tool-result', id: part.id, content: [{ type: 'text', text: 'ok' }] }],
          } as const,
        ]
      : [],
  )
  const { body, dropped } = build({
    messages: [says('user', 'Hi'), { role: 'assistant', parts }, ...results, says('user', 'Go on')],
  })
  const message = body.messages[1]
  return { message: { ...message, content: contentOf(message) }, dropped }
}

/** Neighbours of a kind are one in a stream. */
function joined(blocks: readonly JsonObject[]): JsonObject[] {
  const merged: JsonObject[] = []
  for (const next of blocks) {
    const field = String(next.type)
    const last = merged.at(-1)
    if (last?.type === next.type)
      merged.splice(-1, 1, {
        type: field,
        [field]: `${String(last?.[field])}${String(next[field])}`,
      })
    else merged.push(next)
  }
  return merged
}

describe('an answer sent back in the next turn is unchanged', () => {
  it('as a whole', () => {
    fc.assert(
      fc.property(answers, (message) => {
        const { choices } = readAnswer(bodyOf(message), callTo())
        expect(sentBack(choices[0]?.parts ?? [])).toEqual({
          message: { role: 'assistant', ...message, content: message.content ?? [] },
          dropped: [],
        })
      }),
      { numRuns: 200 },
    )
  })

  it('as a stream', () => {
    fc.assert(
      fc.property(
        answers,
        fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 5 }),
        (message, sizes) => {
          const { events, complete } = replay(streamOf(bodyOf(message)), sizes)
          expect(complete).toBe(true)
          const content = joined((message.content ?? []) as JsonObject[])
          expect(sentBack(partsOf(events))).toEqual({
            message: { role: 'assistant', ...message, content },
            dropped: [],
          })
        },
      ),
      { numRuns: 200 },
    )
  })
})
