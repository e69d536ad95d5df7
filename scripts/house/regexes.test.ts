import { describe, expect, it } from 'vitest'
import { checkRegexes } from './regexes.ts'
import { sample } from './sample.ts'

const whats = (text: string, path?: string): string[] =>
  checkRegexes(sample(text, path)).map(({ what }) => what)

describe('a regular expression', () => {
  it.each([
    ['of the end of a run', String.raw`x.replace(/\/+$/, '')`, 'quadratic'],
    ['of two runs beside each other', String.raw`const a = /^Bearer\s+(.+)$/`, 'quadratic'],
    [
      'of a piece that may be empty between two runs',
      String.raw`const a = /^\/v\d+(?:beta)?(?:\d+)?\/x$/`,
      'quadratic',
    ],
    ['of a run of runs', 'const a = /^(?:a+)+$/', 'exponential'],
  ])('fails: %s', (_what, text, time) => {
    expect(whats(text)).toEqual([expect.stringContaining(`takes ${time} time for many`)])
  })

  it.each([
    ['of a run from its beginning', String.raw`x.replace(/(?<!\/)\/+$/, '')`],
    ['of a run that nothing follows', String.raw`x.replace(/\s+/g, ' ')`],
    ['of runs that share no character', String.raw`const a = /^\d+[a-z]+$/`],
    ['of bounded runs', String.raw`const a = /^\d{1,5}\d{1,5}$/`],
    ['in a string', String.raw`const a = '/\\/+$/'`],
    ['in a comment', '// as in /a+$/'],
  ])('passes: %s', (_what, text) => {
    expect(whats(text)).toEqual([])
  })

  it('fails where it is put together at run time', () => {
    expect(whats('const a = new RegExp(`^${b}$`)')).toEqual(['`RegExp` of an expression'])
    expect(whats('const a = RegExp(b)')).toEqual(['`RegExp` of an expression'])
    expect(whats('const a: RegExp = b; const c = d instanceof RegExp')).toEqual([])
  })

  it('is excused by a comment with a reason, on its line or the one above', () => {
    expect(whats('const a = /a+$/ // linear: a header has at most 16 KB')).toEqual([])
    expect(whats('// linear: a header has at most 16 KB\nconst a = new RegExp(b)')).toEqual([])
    expect(whats('// linear:\nconst a = /a+$/')).toHaveLength(1)
    expect(whats('// linear: a header has at most 16 KB\n\nconst a = /a+$/')).toHaveLength(1)
  })

  it('may be anything in a test', () => {
    expect(whats('const a = /a+$/', 'packages/core/src/ledger/sample.test.ts')).toEqual([])
  })
})
