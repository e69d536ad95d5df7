import { expect, it } from 'vitest'
import { findImports } from './imports.ts'
import { sample } from './sample.ts'

it('finds every way to name a module', () => {
  const text = [
    "import a, { type B } from 'a'",
    "import type { C } from '../c.ts'",
    "import 'd'",
    "export * from './e.ts'",
    "export type { F } from 'f'",
    "const g = await import('g')",
    "type H = import('h').H",
    "const text = 'from'; use('x')",
  ].join('\n')
  expect(
    findImports(sample(text)).map(({ line, specifier, target, isTypeOnly }) => [
      line,
      specifier,
      target,
      isTypeOnly,
    ]),
  ).toEqual([
    [1, 'a', undefined, false],
    [2, '../c.ts', 'packages/core/src/c.ts', true],
    [3, 'd', undefined, false],
    [4, './e.ts', 'packages/core/src/ledger/e.ts', false],
    [5, 'f', undefined, true],
    [6, 'g', undefined, false],
    [7, 'h', undefined, false],
  ])
})
