import { describe, expect, it, vi } from 'vitest'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import type { StreamEvent } from '../../model/events.ts'
import { ToolDeltas } from './tool-deltas.ts'

function testCall(quirks: Quirks = {}): CallContext {
  let ids = 0
  return {
    provider: 'acme',
    model: 'physical',
    stream: false,
    quirks,
    newId: (prefix) => `${prefix}new${++ids}`,
  }
}

function run(deltas: readonly JsonObject[]): StreamEvent[] {
  const events: StreamEvent[] = []
  const tools = new ToolDeltas(0, testCall().newId)
  for (const delta of deltas) tools.take(delta, events)
  tools.finish(events)
  return events
}

/** The calls a client gathers, in the order of their indexes: `id name arguments`. */
function calls(deltas: readonly JsonObject[]): string[] {
  const gathered: string[] = []
  for (const event of run(deltas)) {
    if (event.type === 'tool-call') {
      expect(event.index).toBe(gathered.length)
      gathered.push(`${event.id} ${event.name} `)
    } else if (event.type === 'tool-arguments') gathered[event.index] += event.text
  }
  return gathered
}

const fn = (name?: string, args?: string) => ({
  function: {
    ...(name === undefined ? {} : { name }),
    ...(args === undefined ? {} : { arguments: args }),
  },
})
const both = ['a f {"x":1}', 'b g {"y":2}']

describe('sparse, reused, non-zero or missing indexes', () => {
  it.each<[string, JsonObject[], string[]]>([
    [
      'as OpenAI sends them',
      [
        { index: 0, id: 'a', type: 'function', ...fn('f', '') },
        { index: 0, ...fn(undefined, '{"x"') },
        { index: 0, ...fn(undefined, ':1}') },
        { index: 1, id: 'b', type: 'function', ...fn('g', '') },
        { index: 1, ...fn(undefined, '{"y":2}') },
      ],
      both,
    ],
    [
      'from 1',
      [
        { index: 1, id: 'a', ...fn('f', '') },
        { index: 1, ...fn(undefined, '{"x":1}') },
        { index: 2, id: 'b', ...fn('g', '{"y":2}') },
      ],
      both,
    ],
    [
      '0, then 3',
      [
        { index: 0, id: 'a', ...fn('f', '{"x":1}') },
        { index: 3, id: 'b', ...fn('g', '{"y"') },
        { index: 3, ...fn(undefined, ':2}') },
      ],
      both,
    ],
    [
      '3, then 0',
      [
        { index: 3, id: 'a', ...fn('f', '{"x":1}') },
        { index: 0, id: 'b', ...fn('g', '{"y":2}') },
      ],
      both,
    ],
    [
      'one index for two ids',
      [
        { index: 0, id: 'a', ...fn('f', '{"x"') },
        { index: 0, ...fn(undefined, ':1}') },
        { index: 0, id: 'b', ...fn('g', '{"y"') },
        { index: 0, ...fn(undefined, ':2}') },
      ],
      both,
    ],
    [
      'one index for two whole calls without ids',
      [
        { index: 0, ...fn('f', '{"x":1}') },
        { index: 0, ...fn('f', '{"y":2}') },
      ],
      ['call_new1 f {"x":1}', 'call_new2 f {"y":2}'],
    ],
    [
      'no index on continuation',
      [
        { index: 0, id: 'a', ...fn('f', '') },
        fn(undefined, '{"x":1}'),
        { index: 1, id: 'b', ...fn('g', '') },
        fn(undefined, '{"y":2}'),
      ],
      both,
    ],
    [
      'no index at all',
      [{ id: 'a', ...fn('f', '{"x"') }, fn(undefined, ':1}'), { id: 'b', ...fn('g', '{"y":2}') }],
      both,
    ],
    [
      'neither index nor id',
      [fn('f', '{"x"'), fn(undefined, ':1}'), fn('g', '{"y":2}')],
      ['call_new1 f {"x":1}', 'call_new2 g {"y":2}'],
    ],
    [
      'interleaved by index',
      [
        { index: 0, id: 'a', ...fn('f', '') },
        { index: 1, id: 'b', ...fn('g', '') },
        { index: 0, ...fn(undefined, '{"x"') },
        { index: 1, ...fn(undefined, '{"y"') },
        { index: 0, ...fn(undefined, ':1}') },
        { index: 1, ...fn(undefined, ':2}') },
      ],
      both,
    ],
    [
      'interleaved by id',
      [
        { index: 0, id: 'a', ...fn('f', '{"x"') },
        { index: 0, id: 'b', ...fn('g', '{"y"') },
        { index: 0, id: 'a', ...fn(undefined, ':1}') },
        { index: 0, id: 'b', ...fn(undefined, ':2}') },
      ],
      both,
    ],
    [
      'one id for two indexes',
      [
        { index: 0, id: 'a', ...fn('f', '{"x":1}') },
        { index: 1, id: 'a', ...fn('g', '{"y"') },
        { index: 1, id: 'a', ...fn(undefined, ':2}') },
      ],
      ['a f {"x":1}', 'call_new1 g {"y":2}'],
    ],
    [
      'an index that counts chunks, with the id',
      [
        { index: 0, id: 'a', ...fn('f', '{"x"') },
        { index: 1, id: 'a', ...fn(undefined, ':1}') },
      ],
      ['a f {"x":1}'],
    ],
    [
      'an index that counts chunks',
      [
        { index: 0, id: 'a', ...fn('f', '') },
        { index: 1, ...fn(undefined, '{"x"') },
        { index: 2, ...fn(undefined, ':1}') },
      ],
      ['a f {"x":1}'],
    ],
  ])('%s', (_name, deltas, expected) => expect(calls(deltas)).toEqual(expected))
})

describe('missing or late ids, names and types', () => {
  it.each<[string, JsonObject[], string[]]>([
    [
      'the name comes after arguments',
      [
        { index: 0, id: 'a', ...fn(undefined, '{"x"') },
        { index: 0, ...fn('f', ':1}') },
      ],
      ['a f {"x":1}'],
    ],
    [
      'the name comes in a later chunk without an index',
      [{ id: 'a' }, fn('f'), fn(undefined, '{"x":1}')],
      ['a f {"x":1}'],
    ],
    [
      'the id comes after the name',
      [
        { index: 0, ...fn('f', '{"x"') },
        { index: 0, id: 'late', ...fn(undefined, ':1}') },
      ],
      ['call_new1 f {"x":1}'],
    ],
    [
      'empty strings for what does not change',
      [
        { index: 0, id: 'a', type: 'function', ...fn('f', '') },
        { index: 0, id: '', type: '', ...fn('', '{"x":1}') },
      ],
      ['a f {"x":1}'],
    ],
    [
      'empty ids on parallel calls',
      [
        { index: 0, id: '', ...fn('f', '{"x":1}') },
        { index: 1, id: '', ...fn('g', '{"y":2}') },
      ],
      ['call_new1 f {"x":1}', 'call_new2 g {"y":2}'],
    ],
    [
      'null id, type and name',
      [
        { index: 0, id: 'a', type: null, ...fn('f') },
        { index: 0, id: null, type: null, function: { name: null, arguments: '{"x":1}' } },
      ],
      ['a f {"x":1}'],
    ],
    [
      'id and name on every chunk',
      [
        { index: 0, id: 'a', ...fn('f', '{"x"') },
        { index: 0, id: 'a', ...fn('f', ':1}') },
      ],
      ['a f {"x":1}'],
    ],
    [
      'the name on every chunk, no id',
      [
        { index: 0, ...fn('f', '{"x"') },
        { index: 0, ...fn('f', ':1}') },
      ],
      ['call_new1 f {"x":1}'],
    ],
    [
      'an empty extra chunk',
      [
        { index: 0, id: 'a', ...fn('f', '{"x":1}') },
        { index: 1, id: '', ...fn('', '') },
      ],
      ['a f {"x":1}'],
    ],
    [
      'arguments as an object',
      [{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } }],
      ['a f {"x":1}'],
    ],
    ['no arguments', [{ index: 0, id: 'a', ...fn('f') }], ['a f {}']],
    ['no name at all', [{ index: 0, id: 'a', ...fn(undefined, '{}') }], ['a  {}']],
  ])('%s', (_name, deltas, expected) => expect(calls(deltas)).toEqual(expected))
})

it('arguments that parse early go on', () => {
  expect(
    calls([
      { index: 0, id: 'a', ...fn('f', '{"a":1}') },
      { index: 0, ...fn(undefined, ' ') },
      { index: 0, ...fn(undefined, '{"b":2}') },
    ]),
  ).toEqual(['a f {"a":1} {"b":2}'])
})

it('keeps kind and signature of a call', () => {
  expect(
    run([
      { index: 0, id: 'a', type: 'custom', custom: { name: 'c', input: '' } },
      { index: 0, custom: { input: 'x' } },
    ]),
  ).toEqual([
    { type: 'tool-call', choice: 0, index: 0, id: 'a', name: 'c', kind: 'custom' },
    { type: 'tool-arguments', choice: 0, index: 0, text: 'x' },
  ])
  expect(
    run([
      { index: 0, id: 'a', ...fn('f'), extra_content: { google: { thought_signature: 's' } } },
    ])[0],
  ).toMatchObject({ signature: { origin: 'gemini', value: 's' } })
})

it('many calls and deltas of one event take a time in proportion to them', () => {
  const looks = {
    filter: vi.spyOn(Array.prototype, 'filter'),
    find: vi.spyOn(Array.prototype, 'findLast'),
    some: vi.spyOn(Array.prototype, 'some'),
    parse: vi.spyOn(JSON, 'parse'),
  }
  try {
    const tools = new ToolDeltas(0, testCall().newId)
    const events: StreamEvent[] = []
    for (let at = 0; at < 100; at++)
      tools.take({ index: at, id: `id${at}`, ...fn('f', '{"x"') }, events)
    for (let at = 0; at < 100; at++) tools.take({ index: 0, ...fn('f', ' ') }, events)
    expect(Object.values(looks).map((look) => look.mock.calls.length)).toEqual([0, 0, 0, 0])
    expect(events).toHaveLength(300)
  } finally {
    vi.restoreAllMocks()
  }
})
