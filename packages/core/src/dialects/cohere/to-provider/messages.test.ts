import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Message, Part, ToolCallPart, ToolResultPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObjects, parseObject } from '../../wire/json.ts'
import { build, contentOf, says, THINKER } from './wire.fake.ts'

const words = fc.string({ maxLength: 6 })
const text = words.map((value): Part => ({ type: 'text', text: value }))
const image = fc.constantFrom<Part>(
  { type: 'image', source: { kind: 'url', url: 'https://x/a.png' } },
  { type: 'image', source: { kind: 'data', mediaType: 'image/png', data: 'AAAA' } },
)
const thought = fc.record({ said: words, signed: fc.boolean() }).map(({ said, signed }): Part => ({
  type: 'reasoning',
  text: said,
  ...(signed ? { signature: { origin: 'gemini', value: 's' } } : {}),
}))
const written = fc.constantFrom('', 'null', ' ', '{}', '{"a":1}', '{"a":', '[1]', 'free text')

/** A turn of tool use: calls, and their results one by one or together, in any order. */
const toolUse = fc.record({
  said: fc.array(fc.oneof(text, thought), { maxLength: 2 }),
  given: fc.array(written, { minLength: 1, maxLength: 3 }),
  results: fc.array(words, { minLength: 3, maxLength: 3 }),
  together: fc.boolean(),
  reversed: fc.boolean(),
  more: fc.array(text, { maxLength: 1 }),
})

type ToolUse = typeof toolUse extends fc.Arbitrary<infer T> ? T : never

function turnsOf(
  { said, given, results, together, reversed, more }: ToolUse,
  turn: number,
): Message[] {
  const calls = given.map((value, at): ToolCallPart => ({
    type: 'tool-call',
    kind: 'function',
    id: `call ${turn}/${at}`,
    name: 'tool',
    arguments: value,
  }))
  const answered = calls.map(({ id }, at): ToolResultPart => ({
    type: 'tool-result',
    id,
    content: [{ type: 'text', text: results[at] ?? '' }],
    isError: at === 1,
  }))
  if (reversed) answered.reverse()
  const asked: Message = { role: 'assistant', parts: [...said, ...calls] }
  return together
    ? [asked, { role: 'user', parts: [...more, ...answered] }]
    : [asked, ...answered.map((part): Message => ({ role: 'tool', parts: [part] }))]
}

const spoken = fc
  .oneof(
    fc.record({
      role: fc.constantFrom<Message['role']>('system', 'developer'),
      parts: fc.array(text, { maxLength: 2 }),
    }),
    fc.record({
      role: fc.constant<Message['role']>('user'),
      parts: fc.array(fc.oneof(text, image), { maxLength: 3 }),
    }),
    fc.record({
      role: fc.constant<Message['role']>('assistant'),
      parts: fc.array(fc.oneof(text, thought), { maxLength: 3 }),
    }),
  )
  .map((message) => (): Message[] => [message])

const conversations = fc
  .array(
    fc.oneof(
      spoken,
      toolUse.map((use) => (turn: number) => turnsOf(use, turn)),
    ),
    { maxLength: 6 },
  )
  .map((turns) => turns.flatMap((turn, at) => turn(at)))

/** Only models that think take thoughts back. */
const contentTypes = (thinks: boolean): Readonly<Record<string, readonly string[]>> => ({
  system: ['text'],
  user: ['text', 'image_url'],
  assistant: thinks ? ['text', 'thinking'] : ['text'],
  tool: ['text'],
})

/**
 * Every call is answered by a message of its own before the next turn, and nothing else is
 * answered.
 */
function expectPaired(messages: readonly JsonObject[]): void {
  let open: unknown[] = []
  for (const { role, tool_calls: calls, tool_call_id: id } of messages) {
    if (role === 'tool') {
      expect(open).toContain(id)
      open = open.filter((other) => other !== id)
      continue
    }
    expect(open).toEqual([])
    open = asObjects(calls).map((call) => call.id)
  }
  expect(open).toEqual([])
}

it.each([
  ['command-a-03-2025', false],
  [THINKER, true],
])('any conversation is a request %s takes', (model, thinks) => {
  const taken = contentTypes(thinks)
  fc.assert(
    fc.property(conversations, (messages) => {
      const { messages: built } = build(
        { messages: [says('user', 'x'), ...messages] },
        { model },
      ).body
      for (const message of built) {
        const content = contentOf(message)
        const calls = asObjects(message.tool_calls)
        for (const part of asObjects(content)) {
          expect(taken[String(message.role)]).toContain(part.type)
          expect(part[String(part.type)] ?? '').not.toBe('')
        }
        expect(content.length + calls.length).toBeGreaterThan(0)
        expect(message.tool_plan).not.toBe('')
        if (message.content !== undefined) expect(content.length).toBeGreaterThan(0)
        for (const call of calls)
          expect(parseObject(String((call.function as JsonObject).arguments))).toBeDefined()
      }
      expectPaired(built)
      const asked = messages.flatMap(({ parts }) =>
        parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])),
      )
      expect(built.flatMap((message) => asObjects(message.tool_calls).map(({ id }) => id))).toEqual(
        asked,
      )
    }),
    { numRuns: 200 },
  )
})
