import { describe, expect, it } from 'vitest'
import { checkCycles } from './cycles.ts'
import { readSource } from './source-file.ts'

const check = (files: Readonly<Record<string, string>>): string[] =>
  checkCycles(
    Object.entries(files).map(([name, text]) => readSource(`packages/core/src/${name}`, text)),
  ).map(({ path, what }) => `${path}: ${what.slice(0, 28)}`)

describe('import cycles', () => {
  it('are found where all imports are types', () => {
    expect(
      check({
        'a.ts': "import type { B } from './b.ts'",
        'b.ts': "import { c } from './c.ts'",
        'c.ts': "export type { A } from './a.ts'",
        'd.ts': "import { a } from './a.ts'",
      }),
    ).toEqual(['packages/core/src/a.ts: an import cycle of 3 files: '])
  })

  it('are reported one by one, and one file alone can be one', () => {
    expect(
      check({
        'a.ts': "import { b } from './b.ts'",
        'b.ts': "import { a } from './a.ts'",
        'c.ts': "import { c } from './c.ts'",
      }),
    ).toHaveLength(2)
  })

  it('are no concern of tests, nor of files that share an import', () => {
    expect(
      check({
        'a.ts': "import { b } from './b.ts'\nimport { c } from './c.ts'",
        'b.ts': "import { c } from './c.ts'",
        'c.ts': 'export const c = 1',
        'a.test.ts': "import { a } from './a.ts'\nimport './a.test.ts'",
      }),
    ).toEqual([])
  })
})
