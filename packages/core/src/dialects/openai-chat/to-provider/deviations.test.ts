import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import type { Quirks } from '../../model/quirks.ts'
import { asObjects } from '../../wire/json.ts'
import { deviations } from './deviations.ts'

function changes(body: JsonObject, quirks: Quirks) {
  const dropped = new Set<string>()
  const before = structuredClone(body)
  const result = deviations(body, { quirks, model: 'm' }, dropped)
  expect(body).toEqual(before)
  return { result, dropped: [...dropped] }
}

const call = (id: unknown) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
})
const result = (tool_call_id: unknown) => ({ role: 'tool', tool_call_id, content: 'r' })

describe('deviations of a service', () => {
  it('are none where it has none', () => {
    const body = {
      seed: 1,
      user: 'u',
      messages: [call('call_abc'), result('call_abc'), { role: 'assistant', content: 'So' }],
    }
    expect(changes(body, {})).toEqual({ result: {}, dropped: [] })
  })

  it('give fields their other names, and leave out those it refuses', () => {
    const quirks: Quirks = { fieldNames: { seed: 'random_seed' }, dropFields: ['user', 'store'] }
    expect(changes({ seed: 1, user: 'u' }, quirks)).toEqual({
      result: { seed: undefined, random_seed: 1, user: undefined },
      dropped: ['user'],
    })
    expect(changes({ seed: 1, random_seed: 2 }, quirks).result).toEqual({
      seed: undefined,
      random_seed: 2,
    })
  })

  it('shorten ids so that calls keep their results', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 5 }), (ids) => {
        const body = { messages: ids.flatMap((id) => [call(id), result(id)]) }
        const messages = (changes(body, { shortToolIds: true }).result.messages ??
          body.messages) as JsonObject[]
        const pairs = ids.map((_, at) => [
          asObjects(messages[at * 2]?.tool_calls)[0]?.id,
          messages[at * 2 + 1]?.tool_call_id,
        ])
        for (const [called, answered] of pairs) {
          expect(called).toMatch(/^[a-zA-Z0-9]{9}$/)
          expect(answered).toBe(called)
        }
        expect(new Set(pairs.map(([called]) => called)).size).toBe(new Set(ids).size)
      }),
    )
    expect(
      changes({ messages: [call('abcDEF123'), result('abcDEF123')] }, { shortToolIds: true }),
    ).toEqual({ result: {}, dropped: [] })
    expect(changes({ messages: [call('call_1')] }, { shortToolIds: true }).dropped).toEqual([
      'tool_call_id (shortened)',
    ])
    expect(
      changes(
        { messages: ['x', { role: 'assistant', tool_calls: ['y', { id: 7 }] }] },
        { shortToolIds: true },
      ).result,
    ).toEqual({})
  })

  it('mark the beginning of an answer that is to be continued', () => {
    const mark = (last: JsonObject) =>
      changes({ messages: [{ role: 'user', content: 'hi' }, last] }, { marksPrefill: true }).result
    expect(mark({ role: 'assistant', content: 'So' }).messages).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'So', prefix: true },
    ])
    expect(mark({ role: 'assistant', content: 'So', prefix: false })).toEqual({})
    expect(mark(call('a'))).toEqual({})
    expect(mark({ role: 'user', content: 'and?' })).toEqual({})
    expect(
      changes(
        { messages: [call('x'), { role: 'assistant', content: 'So' }] },
        { marksPrefill: true, shortToolIds: true },
      ).result.messages,
    ).toMatchObject([{ tool_calls: [{ id: expect.stringMatching(/^\w{9}$/) }] }, { prefix: true }])
  })
})
