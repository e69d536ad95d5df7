import { describe, expect, it } from 'vitest'
import { lines, sample, SAMPLE_PATH } from './sample.ts'
import { checkSizes } from './sizes.ts'

const whats = (text: string, path?: string): string[] =>
  checkSizes([sample(text, path), ...short(30)]).map(({ what }) => what)
const short = (count: number): ReturnType<typeof sample>[] =>
  Array.from({ length: count }, (_, index) => sample('x()\n', `packages/core/src/a/${index}.ts`))

describe('files', () => {
  it('may have 500 lines, not 501', () => {
    expect(whats(lines(500))).toEqual([])
    expect(whats(lines(501))).toEqual(['501 lines, the limit is 500'])
  })

  it('may be over 300 lines in one of twenty, not in two', () => {
    const long = (name: string): ReturnType<typeof sample> =>
      sample(lines(301), `packages/core/src/a/${name}.ts`)
    expect(checkSizes([long('one'), ...short(19)])).toEqual([])
    expect(checkSizes([long('one'), long('two'), ...short(18)]).map(({ path }) => path)).toEqual([
      'packages/core/src/a/one.ts',
      'packages/core/src/a/two.ts',
    ])
  })
})

describe('functions', () => {
  it('may have 60 lines, not 61', () => {
    expect(whats(`function go() {\n${lines(58)}}\n`)).toEqual([])
    expect(whats(`function go() {\n${lines(59)}}\n`)).toEqual([
      '`go` has 61 lines, the limit is 60',
    ])
  })

  it('are not tables and schemas', () => {
    expect(
      whats(
        `const table = {\n${'  a: 1,\n'.repeat(90)}}\nconst schema = z.strictObject({\n${'  a: z.string(),\n'.repeat(90)}})\n`,
      ),
    ).toEqual([])
  })

  it('may have 3 parameters, not 4', () => {
    expect(whats('const f = (a, b, c) => a\n')).toEqual([])
    expect(whats('const f = (a, b, c, d) => a\n')).toEqual(['`f` has 4 parameters, the limit is 3'])
  })
})

describe('tests', () => {
  it('are exempt', () => {
    expect(
      whats(`function go(a, b, c, d) {\n${lines(500)}}\n`, SAMPLE_PATH.replace('.ts', '.test.ts')),
    ).toEqual([])
  })
})
