import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { StreamedToolCalls } from './tools.ts'

function open(): StreamedToolCalls {
  let ids = 0
  const call: CallContext = {
    provider: 'acme',
    model: 'physical',
    stream: true,
    quirks: {},
    newId: (prefix) => `${prefix}new${++ids}`,
  }
  return new StreamedToolCalls(call)
}

interface Assembled {
  index: number
  id: unknown
  type: unknown
  name: unknown
  arguments: string
}

/**
 * Puts deltas together as a strict client does: by `index`, id, type and name taken from the first
 * delta of each call.
 */
function assemble(deltas: readonly JsonObject[]): Assembled[] {
  const calls: Assembled[] = []
  for (const delta of deltas) {
    const index = delta.index as number
    const body = delta.function as { name?: unknown; arguments: string }
    const call = calls[index]
    if (call === undefined) {
      // Dense from 0: a strict client writes to the end of its list.
      expect(index).toBe(calls.length)
      calls.push({
        index,
        id: delta.id,
        type: delta.type,
        name: body.name,
        arguments: body.arguments,
      })
    } else {
      expect([delta.id, delta.type, body.name]).toEqual([undefined, undefined, undefined])
      call.arguments += body.arguments
    }
  }
  return calls
}

/** Each inner array is the `tool_calls` of one chunk. */
function run(trace: readonly (readonly unknown[])[]): Assembled[] {
  const tools = open()
  return assemble([...trace.flatMap((raw) => tools.take(raw)), ...tools.finish()])
}

const fn = (
  name: string | undefined,
  text: string | undefined,
  rest: JsonObject = {},
): JsonObject => ({
  ...rest,
  function: {
    ...(name === undefined ? {} : { name }),
    ...(text === undefined ? {} : { arguments: text }),
  },
})
const typed = { type: 'function' }
const two = [
  { index: 0, id: 'a', type: 'function', name: 'get', arguments: '{"x":1}' },
  { index: 1, id: 'b', type: 'function', name: 'set', arguments: '{"y":2}' },
]
const one = [two[0]]

describe('indexes', () => {
  it.each<[string, unknown[][], unknown[]]>([
    [
      'from 0',
      [
        [fn('get', '', { index: 0, id: 'a', ...typed })],
        [fn(undefined, '{"x"', { index: 0 })],
        [fn(undefined, ':1}', { index: 0 })],
      ],
      one,
    ],
    [
      'from 1',
      [[fn('get', '', { index: 1, id: 'a', ...typed })], [fn(undefined, '{"x":1}', { index: 1 })]],
      one,
    ],
    [
      '0, then 3',
      [
        [fn('get', '{"x":1}', { index: 0, id: 'a' })],
        [fn('set', '{"y"', { index: 3, id: 'b' })],
        [fn(undefined, ':2}', { index: 3 })],
      ],
      two,
    ],
    [
      'one for two calls',
      [
        [fn('get', '{"x":1}', { index: 0, id: 'a' })],
        [fn('set', '{"y":2}', { index: 0, id: 'b' })],
      ],
      two,
    ],
    [
      'one for two calls, then in pieces',
      [
        [fn('get', '{"x":1}', { index: 0, id: 'a' })],
        [fn('set', '{"y"', { index: 0, id: 'b' })],
        [fn(undefined, ':2}', { index: 0 })],
      ],
      two,
    ],
    [
      'none at all',
      [
        [fn('get', '{"x"', { id: 'a' })],
        [fn(undefined, ':1}')],
        [fn('set', '{"y"', { id: 'b' })],
        [fn(undefined, ':2}')],
      ],
      two,
    ],
    [
      'none on what follows',
      [[fn('get', '{"x"', { index: 0, id: 'a' })], [fn(undefined, ':1}')]],
      one,
    ],
    [
      'none, whole calls in one chunk',
      [[fn('get', '{"x":1}', { id: 'a' }), fn('set', '{"y":2}', { id: 'b' })]],
      two,
    ],
    [
      'interleaved',
      [
        [fn('get', '', { index: 0, id: 'a' }), fn('set', '', { index: 1, id: 'b' })],
        [fn(undefined, '{"x"', { index: 0 })],
        [fn(undefined, '{"y"', { index: 1 })],
        [fn(undefined, ':1}', { index: 0 }), fn(undefined, ':2}', { index: 1 })],
      ],
      two,
    ],
    [
      'one that moves with each piece of one call',
      [[fn('get', '{"x"', { index: 0, id: 'a' })], [fn(undefined, ':1}', { index: 1, id: 'a' })]],
      one,
    ],
    ['a word', [[fn('get', '{"x":1}', { index: '0', id: 'a' })]], one],
    [
      'below zero',
      [[fn('get', '{"x"', { index: -1, id: 'a' })], [fn(undefined, ':1}', { index: -1 })]],
      one,
    ],
  ])('%s', (_how, trace, expected) => {
    expect(run(trace)).toEqual(expected)
  })
})

describe('incomplete first deltas', () => {
  it.each<[string, unknown[][], unknown[]]>([
    [
      'the name comes after id and arguments',
      [[fn(undefined, '{"x"', { index: 0, id: 'a' })], [fn('get', ':1}', { index: 0 })]],
      one,
    ],
    ['type is missing', [[fn('get', '{"x":1}', { index: 0, id: 'a' })]], one],
    ['type is null', [[fn('get', '{"x":1}', { index: 0, id: 'a', type: null })]], one],
    ['type is empty', [[fn('get', '{"x":1}', { index: 0, id: 'a', type: '' })]], one],
    ['the id comes late', [[fn('get', '{"x":1}', { index: 0 })]], [{ ...two[0], id: 'call_new1' }]],
    [
      'the id is empty',
      [[fn('get', '{"x":1}', { index: 0, id: '' })]],
      [{ ...two[0], id: 'call_new1' }],
    ],
    [
      'the id is null',
      [[fn('get', '{"x":1}', { index: 0, id: null })]],
      [{ ...two[0], id: 'call_new1' }],
    ],
    [
      'id, type and name are repeated empty',
      [[fn('get', '', { index: 0, id: 'a' })], [fn('', '{"x":1}', { index: 0, id: '', type: '' })]],
      one,
    ],
    [
      'id and name are repeated',
      [
        [fn('get', '{"x"', { index: 0, id: 'a', ...typed })],
        [fn('get', ':1}', { index: 0, id: 'a', ...typed })],
      ],
      one,
    ],
    [
      'arguments are an object',
      [[{ index: 0, id: 'a', function: { name: 'get', arguments: { x: 1 } } }]],
      one,
    ],
    [
      'arguments are null',
      [
        [{ index: 0, id: 'a', function: { name: 'get', arguments: null } }],
        [fn(undefined, '{"x":1}', { index: 0 })],
      ],
      one,
    ],
    [
      'there are no arguments at all',
      [[fn('get', undefined, { index: 0, id: 'a' })]],
      [{ ...two[0], arguments: '{}' }],
    ],
    [
      'two calls share an id',
      [
        [fn('get', '{"x":1}', { index: 0, id: 'a' })],
        [fn('set', '{"y":2}', { index: 1, id: 'a' })],
      ],
      [two[0], { ...two[1], id: 'call_new1' }],
    ],
    [
      'nothing but nulls between',
      [[null, 5, 'x', {}], [fn('get', '{"x":1}', { index: 0, id: 'a' })]],
      one,
    ],
  ])('%s', (_how, trace, expected) => {
    expect(run(trace)).toEqual(expected)
  })
})

describe('StreamedToolCalls', () => {
  it('does not take a call for finished because its arguments parse', () => {
    expect(
      run([
        [fn('get', '{"a":1}', { index: 0, id: 'a' })],
        [fn(undefined, ' ', { index: 0 })],
        [fn(undefined, '"more"', { index: 0 })],
      ]),
    ).toMatchObject([{ arguments: '{"a":1} "more"' }])
  })

  it('sends at most one delta per call and chunk, unknown fields included', () => {
    const tools = open()
    expect(
      tools.take([
        fn('get', '{"x":1}', {
          index: 5,
          id: 'a',
          extra_content: { google: { thought_signature: 's' } },
        }),
      ]),
    ).toEqual([
      {
        extra_content: { google: { thought_signature: 's' } },
        index: 0,
        id: 'a',
        type: 'function',
        function: { name: 'get', arguments: '{"x":1}' },
      },
    ])
    expect(tools.take([fn(undefined, '{}', { index: 5, id: 'a', note: 1 })])).toEqual([
      { note: 1, index: 0, function: { arguments: '{}' } },
    ])
  })

  it('keeps custom tools custom', () => {
    const tools = open()
    expect(
      tools.take([{ index: 0, id: 'c', type: 'custom', custom: { name: 'sql', input: 'select' } }]),
    ).toEqual([{ index: 0, id: 'c', type: 'custom', custom: { name: 'sql', input: 'select' } }])
    expect(tools.take([{ index: 0, custom: { input: ' 1' } }])).toEqual([
      { index: 0, custom: { input: ' 1' } },
    ])
    expect(tools.finish()).toEqual([])
  })

  it('knows whether there was any', () => {
    const tools = open()
    expect([tools.take([{}, null]), tools.any, tools.finish()]).toEqual([[], false, []])
    tools.take([fn('get', '', { index: 0, id: 'a' })])
    expect(tools.any).toBe(true)
  })

  it('changes no prototype, whatever the fields are called', () => {
    const raw = JSON.parse(
      '{"index":0,"id":"a","__proto__":{"polluted":1},"function":{"name":"get","arguments":"{}","__proto__":{"polluted":1}},"constructor":{"prototype":{"polluted":1}}}',
    ) as JsonObject
    open().take([raw])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it('gives the same calls however well-formed deltas are cut', () => {
    const arguments_ = fc.json({ maxDepth: 2 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(arguments_, fc.array(fc.nat(), { maxLength: 4 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.array(fc.nat(), { minLength: 50, maxLength: 50 }),
        (calls, order) => {
          const queues = calls.map(([text, cuts], index) => {
            const places = [
              0,
              ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b),
              text.length,
            ]
            return places
              .slice(1)
              .map((place, at) =>
                at === 0
                  ? fn(`f${index}`, text.slice(0, place), { index, id: `id${index}` })
                  : fn(undefined, text.slice(places[at], place), { index }),
              )
          })
          const trace: JsonObject[][] = queues.map((queue) => [queue.shift() as JsonObject])
          for (const pick of order) {
            const left = queues.filter((queue) => queue.length > 0)
            const queue = left[pick % Math.max(1, left.length)]
            if (queue !== undefined) trace.push([queue.shift() as JsonObject])
          }
          expect(run(trace)).toEqual(
            calls.map(([text], index) => ({
              index,
              id: `id${index}`,
              type: 'function',
              name: `f${index}`,
              arguments: text,
            })),
          )
        },
      ),
      { numRuns: 200, seed: 1 },
    )
  })
})
