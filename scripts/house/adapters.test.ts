import { describe, expect, it } from 'vitest'
import { checkAdapter } from './adapters.ts'
import { lines, sample } from './sample.ts'

const manifest = { peerDependencies: { hono: '^4.13.0' } }
const core = { exports: { '.': {}, './node': {}, './package.json': './package.json' } }
const whats = (...texts: string[]): string[] =>
  checkAdapter({
    name: 'hono',
    manifest,
    core,
    files: texts.map((text, index) => sample(text, `packages/hono/src/${index}.ts`)),
  }).map(({ what }) => what)

describe('adapters', () => {
  it('have 80 lines over all their files', () => {
    expect(whats(lines(40), lines(20))).toEqual([])
    expect(whats(lines(40), lines(41))).toEqual(['the adapter has 81 lines, the limit is 80'])
  })

  it('do not count their tests', () => {
    const files = [
      sample(lines(10), 'packages/hono/src/index.ts'),
      sample(lines(900), 'packages/hono/src/index.test.ts'),
    ]
    expect(checkAdapter({ name: 'hono', manifest, core, files })).toEqual([])
  })

  it.each(['@postern/core', '@postern/core/node', 'hono', 'hono/route', 'node:http', './own.ts'])(
    'may import %s',
    (specifier) => {
      expect(whats(`import type { A } from '${specifier}'`)).toEqual([])
    },
  )

  it.each([
    '@postern/core/web',
    '@postern/core/dist/pipeline.js',
    'undici',
    'honoured',
    '@postern/testing',
  ])('may not import %s', (specifier) => {
    expect(whats(`import { a } from '${specifier}'`)).toEqual([
      `\`${specifier}\` is no public entry`,
    ])
  })
})
