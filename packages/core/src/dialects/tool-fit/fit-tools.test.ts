import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Conversation, Tool, ToolCallPart } from '../model/conversation.ts'
import type { StreamEvent } from '../model/events.ts'
import { areFit, fitTools } from './fit-tools.ts'
import { fitNames, isFitName } from './tool-names.ts'
import type { NameRule } from '../model/tool-rules.ts'

const rules: NameRule[] = [
  { max: 64 },
  { max: 16 },
  { max: 60, start: 'letter' },
  { max: 64, takesDots: true, start: 'letter or underscore' },
  { max: 128, customMax: 113 },
]
const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 200 }),
  fc.stringMatching(/^[\w.:/ -]{1,130}$/),
  // Names that differ only after what fits.
  fc.constantFrom('a', 'b').map((end) => 'mcp__server__'.padEnd(100, 'x') + end),
)

function conversation(tools: readonly Tool[], more: Partial<Conversation> = {}): Conversation {
  return { origin: 'x', messages: [], tools, sampling: {}, extensions: {}, ...more }
}

function called(wire: Conversation): ToolCallPart[] {
  return wire.messages.flatMap(({ parts }) => parts.filter((part) => part.type === 'tool-call'))
}

describe('names of tools', () => {
  it('fit every rule, stay distinct, and stay unchanged where they fit', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(...rules),
        (names, rule) => {
          const fit = fitNames(new Map(names.map((one) => [one, rule])))
          const wire = names.map((one) => fit.get(one) ?? one)
          for (const one of wire) expect(isFitName(one, rule)).toBe(true)
          expect(new Set(wire).size).toBe(names.length)
          for (const one of names) expect(fit.has(one)).toBe(!isFitName(one, rule))
          // The same in every order, and without the other tools.
          expect(fitNames(new Map([...names].reverse().map((one) => [one, rule])))).toEqual(fit)
        },
      ),
    )
  })

  it('give way to a tool that has the short name already', () => {
    const rule = { max: 64 }
    const long = 'x'.repeat(70)
    const short = fitNames(new Map([[long, rule]])).get(long) ?? ''
    const fit = fitNames(
      new Map([
        [short, rule],
        [long, rule],
      ]),
    )
    expect(fit.get(long)).not.toBe(short)
    expect(fit.has(short)).toBe(false)
  })
})

describe('adapted tools', () => {
  it('restores the tools in whole answers and in streams', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        fc.boolean(),
        fc.string(),
        (names, kinds, customTools, input) => {
          const tools: Tool[] = names.map((one, at) => ({
            kind: kinds[at] === true ? 'custom' : 'function',
            name: one,
          }))
          const calls = tools.map((tool, at): ToolCallPart => ({
            type: 'tool-call',
            id: `c${at}`,
            name: tool.name,
            kind: tool.kind as 'custom',
            arguments: tool.kind === 'custom' ? input : '{}',
          }))
          const asked = conversation(tools, {
            messages: [{ role: 'assistant', parts: calls }],
            toolChoice: { mode: 'allowed', required: true, names },
          })
          const fit = fitTools(asked, { names: { max: 64 }, customTools })
          expect(fit === undefined).toBe(
            areFit(
              tools.map((tool) => ({ name: tool.name, isCustom: tool.kind === 'custom' })),
              { names: { max: 64 }, customTools },
            ),
          )
          if (fit === undefined) return
          const wire = fit.conversation
          expect(wire.tools.map((tool) => tool.name)).toEqual(called(wire).map((call) => call.name))
          expect(wire.toolChoice).toMatchObject({ names: wire.tools.map((tool) => tool.name) })
          if (!customTools)
            for (const one of [...wire.tools, ...called(wire)]) expect(one.kind).toBe('function')
          expect(
            fit.restore({ choices: [{ parts: called(wire), finish: { reason: 'tool_calls' } }] })
              .choices[0]?.parts,
          ).toEqual(calls)
          expect(
            streamed(
              fit
                .reader({
                  complete: true,
                  endGraceMs: undefined,
                  read: () => eventsOf(called(wire)),
                })
                .read({ event: undefined, data: '' }),
            ),
          ).toEqual(calls)
        },
      ),
    )
  })

  it('keeps a call that no tool of the request explains', () => {
    const fit = fitTools(conversation([{ kind: 'custom', name: 'patch' }]), {
      names: { max: 64 },
      customTools: false,
    })
    const stranger: ToolCallPart = {
      type: 'tool-call',
      id: 'c',
      name: 'other',
      arguments: '{"input":"x"}',
      kind: 'function',
    }
    expect(
      fit?.restore({ choices: [{ parts: [stranger], finish: { reason: 'tool_calls' } }] })
        .choices[0]?.parts,
    ).toEqual([stranger])
  })

  it.each([
    ['{"input":"a\\n"}', 'a\n'],
    ['{}', ''],
    ['not json', 'not json'],
    ['{"patch":"a"}', '{"patch":"a"}'],
    ['{"input":7}', '{"input":7}'],
  ])('reads the free text of %s', (text, input) => {
    const fit = fitTools(conversation([{ kind: 'custom', name: 'patch' }]), {
      names: { max: 64 },
      customTools: false,
    })
    const call: ToolCallPart = {
      type: 'tool-call',
      id: 'c',
      name: 'patch',
      arguments: text,
      kind: 'function',
    }
    expect(
      fit?.restore({ choices: [{ parts: [call], finish: { reason: 'tool_calls' } }] }).choices[0]
        ?.parts,
    ).toEqual([{ ...call, kind: 'custom', arguments: input }])
  })
})

/** Each call in three fragments, all calls side by side. */
function eventsOf(calls: readonly ToolCallPart[]): StreamEvent[] {
  const starts = calls.map((call, index): StreamEvent => ({
    type: 'tool-call',
    choice: 0,
    index,
    id: call.id,
    name: call.name,
    kind: call.kind,
  }))
  const fragments = [0, 1, 2].flatMap((third) =>
    calls.map((call, index): StreamEvent => ({
      type: 'tool-arguments',
      choice: 0,
      index,
      text: thirdOf(call.arguments, third),
    })),
  )
  return [...starts, ...fragments, { type: 'finish', choice: 0, finish: { reason: 'tool_calls' } }]
}

function thirdOf(text: string, third: number): string {
  const cut = Math.ceil(text.length / 3)
  return text.slice(third * cut, (third + 1) * cut)
}

function streamed(events: readonly StreamEvent[]): ToolCallPart[] {
  const calls: ToolCallPart[] = []
  for (const event of events) {
    if (event.type === 'tool-call')
      calls.push({
        type: 'tool-call',
        id: event.id,
        name: event.name,
        arguments: '',
        kind: event.kind,
      })
    else if (event.type === 'tool-arguments')
      calls[event.index] = {
        ...calls[event.index]!,
        arguments: calls[event.index]!.arguments + event.text,
      }
  }
  expect(events.at(-1)?.type).toBe('finish')
  return calls
}
