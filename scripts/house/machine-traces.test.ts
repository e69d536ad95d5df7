import { describe, expect, it } from 'vitest'
import { checkMachineTraces } from './machine-traces.ts'

const whats = (path: string, text: string): string[] =>
  checkMachineTraces(path, text).map(({ line, what }) => `${line}: ${what}`)
/** Assembled here: this file is looked at as well. */
const absolute = (...parts: string[]): string => ['', ...parts].join('/')

describe('lock files', () => {
  it.each([
    '    resolution: {integrity: sha512-x, tarball: https://packages.example/zod.tgz}',
    '"resolved": "http://packages.example/zod"',
    'zod@https://packages.example/zod-1.tgz',
  ])('fails: %s', (line) => {
    expect(whats('pnpm-lock.yaml', `a: 1\n${line}`)).toEqual([
      '2: a download address in a lock file',
    ])
  })

  it.each(['    resolution: {integrity: sha512-x}', '    deprecated: see https://example.com/why'])(
    'passes: %s',
    (line) => {
      expect(whats('pnpm-lock.yaml', line)).toEqual([])
    },
  )

  it('are the only files that may not have one', () => {
    expect(whats('docs/install.md', 'tarball: https://packages.example/zod.tgz')).toEqual([])
  })
})

describe('paths of a machine', () => {
  it.each([
    absolute('home', 'ada', 'x'),
    absolute('Users', 'ada'),
    absolute('root', 'x'),
    absolute('work', 'main'),
    ['C:', 'Users', 'ada'].join('\\'),
  ])('fails: %s', (path) => {
    expect(whats('README.md', `See \`${path}\`.`)).toHaveLength(1)
    expect(whats('README.md', `See file://${path}.`)).toHaveLength(1)
  })

  it.each([
    `bench/.work${absolute('x')}`,
    `https://example.com${absolute('home', 'page')}`,
    `./test${absolute('work', 'x')}`,
    absolute('homepage'),
  ])('passes: %s', (path) => {
    expect(whats('README.md', `See \`${path}\`.`)).toEqual([])
  })
})
