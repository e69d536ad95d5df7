import { describe, expect, it } from 'vitest'
import { findFunctions } from './functions.ts'
import { sample } from './sample.ts'

const shapes = (text: string): unknown[] =>
  findFunctions(sample(text)).map(({ name, parameterCount, bodyLines }) => [
    name,
    parameterCount,
    bodyLines,
  ])

describe('findFunctions', () => {
  it('finds declarations, with generics and a return type', () => {
    expect(
      shapes(
        'async function* read<T extends Map<string, T>>(a: Map<string, T>, b = f(1, 2)): AsyncIterable<{ x: T }> {\n}',
      ),
    ).toEqual([['read', 2, 2]])
    expect(shapes('function isOne(value: unknown): value is { one: 1 } {\n\n}')).toEqual([
      ['isOne', 1, 3],
    ])
  })

  it('finds methods, accessors and constructors', () => {
    expect(
      shapes(
        'class A {\n constructor(a: B) {\n }\n get #size(): number { return 1 }\n async [key](x, y) {\n }\n}',
      ),
    ).toEqual([
      ['constructor', 1, 2],
      ['#size', 0, 1],
      [']', 2, 2],
    ])
  })

  it('finds arrows with a body, and counts the parameters of those without', () => {
    expect(shapes('const go = async (a: string, { b, c }: D): Promise<void> => {\n}')).toEqual([
      ['go', 2, 2],
    ])
    expect(shapes('const sum = (a, b, c, d) => a + b')).toEqual([['sum', 4, 0]])
    expect(shapes('list.map((x): Row => ({ x }))')).toEqual([['function', 1, 0]])
    expect(shapes('const run = x => {\n\n}')).toEqual([['run', 1, 3]])
  })

  it('does not count `this` and a trailing comma', () => {
    expect(shapes('function f(this: Host, a: 1, b: 2,) {}')).toEqual([['f', 2, 1]])
  })

  it('is not misled by control flow, calls, ternaries, cases and object types', () => {
    const misleading = [
      'if (a) {\n}',
      'for (const [a, b] of c) {\n}',
      'switch (f(a, b, c, d)) {\n case g(x): {\n }\n}',
      'try {\n} catch (error) {\n}',
      'const x = a ? f(1, 2, 3, 4) : { b: 1 }',
      'class A extends mixin(1, 2, 3, 4) {\n}',
      'while (f(1, 2, 3, 4)) {\n}',
    ]
    for (const text of misleading) expect(shapes(text), text).toEqual([])
  })

  it('counts a nested function in its outer one too', () => {
    expect(shapes('function outer() {\n  function inner() {\n  }\n}')).toEqual([
      ['outer', 0, 4],
      ['inner', 0, 2],
    ])
  })
})
