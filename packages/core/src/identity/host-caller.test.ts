import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attributes } from './caller.ts'
import { readHostCaller } from './host-caller.ts'

function read(answer: unknown): { readonly caller: unknown; readonly numbers: string[] } {
  const numbers: string[] = []
  const known = readHostCaller(answer, (field) => void numbers.push(field))
  if (known === undefined) return { caller: undefined, numbers }
  const { credential, ...caller } = known
  expect([credential, Object.isFrozen(known)]).toEqual(['host', true])
  return { caller, numbers }
}

const odd: readonly unknown[] = [
  false,
  0.5,
  '',
  ' ',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  true,
  {},
  [],
  ['a'],
  new Date(0),
  new String('a'),
  Symbol('a'),
  () => 'a',
  '\uD800',
  'x'.repeat(257),
  10n ** 300n,
]

describe('answers of identify', () => {
  it.each([false, 0, Number.NaN, '', 0n, null, undefined])('%s names no caller', (answer) => {
    expect(read(answer).caller).toBeUndefined()
  })

  it.each([
    true,
    7,
    5n,
    'ada',
    {},
    [],
    [{ id: 'a' }],
    Symbol('a'),
    () => ({ id: 'a' }),
    Object.assign(new Error('a'), { id: 'a' }),
    new Map([['id', 'a']]),
  ])('%s is refused', (answer) => {
    expect(() => read(answer)).toThrow(TypeError)
  })

  it.each(['id', ...attributes, 'session'])(
    'hold a string as %s, or a number that becomes one; everything else is refused',
    (field) => {
      const answering = (value: unknown) => read({ id: 'ada', [field]: value })
      expect(answering('x')).toEqual({ caller: { id: 'ada', [field]: 'x' }, numbers: [] })
      for (const number of [7, 0, -0, 7n])
        expect(answering(number)).toEqual({
          caller: { id: 'ada', [field]: String(number) },
          numbers: [field],
        })
      for (const value of odd) expect(() => answering(value), String(typeof value)).toThrow(field)
    },
  )

  it.each([...attributes, 'session'])('may leave %s out with null or undefined', (field) => {
    for (const value of [null, undefined])
      expect(read({ id: 'ada', [field]: value }).caller).toEqual({ id: 'ada' })
  })

  it.each([
    'routes',
    'models',
    'endpoints',
    'mayName',
    'limits',
    'maxOutputTokens',
    'sendsSession',
  ])('never lose the restriction %s: one that cannot be read is refused', (field) => {
    const good: unknown = {
      mayName: ['team'],
      limits: [{ unit: 'requests', limit: 1, window: 'day' }],
      maxOutputTokens: 5,
      sendsSession: true,
    }[field] ?? ['a/b']
    expect(read({ id: 'ada', [field]: good }).caller).toEqual({ id: 'ada', [field]: good })
    for (const value of [
      null,
      0,
      '',
      'a/b',
      Number.NaN,
      5n,
      {},
      () => [],
      field === 'limits' ? 'x' : [5n],
      field === 'limits' ? {} : Array.from({ length: 1_001 }, () => 'team'),
    ])
      expect(() => read({ id: 'ada', [field]: value }), String(value)).toThrow(field)
  })

  it('cannot let a caller name its own id', () => {
    for (const name of ['id', 'limits', 'session', '__proto__', 'constructor'])
      expect(() => read({ id: 'ada', mayName: ['team', name] })).toThrow('mayName[1]')
  })

  it('are copied, once: neither other fields nor later changes come along', () => {
    const user = { id: 'ada', team: 'a', mayReportAll: true, self: {} as unknown, password: 'LEAK' }
    user.self = user
    const { caller } = read(user)
    user.team = 'b'
    expect(caller).toEqual({ id: 'ada', team: 'a' })
  })

  it('are a caller of known fields, a stranger or a failure, whatever they are', () => {
    const field = fc.constantFrom(
      'id',
      ...attributes,
      'session',
      'routes',
      'models',
      'mayName',
      'endpoints',
      'limits',
      'maxOutputTokens',
      'sendsSession',
    )
    const value = fc.oneof(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withSparseArray: true,
      }),
      fc.string(),
      fc.constantFrom(...odd),
    )
    fc.assert(
      fc.property(fc.oneof(value, fc.dictionary(field, value)), (answer) => {
        let caller: Readonly<Record<string, unknown>> | undefined
        try {
          caller = read(answer).caller as typeof caller
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        if (caller === undefined) {
          expect(answer).toBeFalsy()
          return
        }
        for (const name of ['id', ...attributes, 'session'])
          if (name === 'id' || caller[name] !== undefined) expect(caller[name], name).toMatch(/\S/)
        const said = answer as Record<string, unknown>
        for (const name of ['routes', 'models', 'endpoints', 'mayName', 'limits', ...attributes])
          if (said[name] !== undefined && said[name] !== null)
            expect(caller[name], name).toBeDefined()
      }),
      { numRuns: 500 },
    )
  })
})
