import { describe, expect, it } from 'vitest'
import { checkLanguage } from './language.ts'
import { sample } from './sample.ts'

const whats = (text: string, path?: string): string[] =>
  checkLanguage(sample(text, path)).map(({ what }) => what)
const TEST = 'packages/core/src/ledger/sample.test.ts'

describe('any', () => {
  it.each([
    'let f = (x: any) => x',
    'type A = Map<string, any>',
    'const y = x as any',
    'type B = any[] | string',
  ])('fails: %s', (text) => {
    expect(whats(`function f() { ${text} }`)).toEqual(['`any`'])
  })

  it.each([
    'AbortSignal.any([a, b])',
    'const s = z.any()',
    'const any = 1',
    'const o = { any: 1, all: 2 }',
    "const t = 'as any'",
    '// x as any',
  ])('passes: %s', (text) => {
    expect(whats(text)).toEqual([])
  })
})

describe('default export', () => {
  it.each(['export default 1', 'export { a as default }'])('fails: %s', (text) => {
    expect(whats(text)).toEqual(['a default export'])
  })

  it.each(["import a from 'a'", "import { default as a } from 'a'", 'switch (a) { default: b() }'])(
    'passes: %s',
    (text) => {
      expect(whats(text)).toEqual([])
    },
  )
})

describe('console', () => {
  it.each(["console.log('x')", 'globalThis.console.warn(1)', 'use(console)'])(
    'fails: %s',
    (text) => {
      expect(whats(text)).toEqual(['`console`'])
    },
  )

  it.each(['host.console.log(1)', 'const o = { console: 1 }', "'console.log(1)'"])(
    'passes: %s',
    (text) => {
      expect(whats(text)).toEqual([])
    },
  )
})

describe('module state', () => {
  it.each([
    'let count = 0',
    'export var last',
    'let { a } = b',
    'const cache = new Map<string, Set<number>>()',
    'class A { static #count = 0 }',
  ])('fails: %s', (text) => {
    expect(whats(text)).toHaveLength(1)
  })

  it.each([
    'const limit = 1',
    'function f() { let a = 1; const b = new Map() }',
    'const names = new Set([1])',
    'class A { static readonly none = 0; static make() {} }',
  ])('passes: %s', (text) => {
    expect(whats(text)).toEqual([])
  })

  it('is left to tests', () => {
    expect(whats('let server', TEST)).toEqual([])
  })
})

describe('empty catch', () => {
  it.each([
    'try { a() } catch {}',
    'try { a() } catch (error) { /* never mind */ }',
    'a().catch(() => {})',
    'a().catch((error) => {})',
    'a().catch(_ => {})',
  ])('fails: %s', (text) => {
    expect(whats(text)).toEqual(['an empty `catch`'])
    expect(whats(text, TEST)).toEqual(['an empty `catch`'])
  })

  it.each([
    'try { a() } catch { return undefined }',
    'a().catch((error) => report(error))',
    'a().catch(report)',
  ])('passes: %s', (text) => {
    expect(whats(text)).toEqual([])
  })
})
