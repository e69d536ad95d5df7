import { expect, it } from 'vitest'
import { formatViolation } from './violation.ts'

it('prints place, what, why and how to mend', () => {
  expect(
    formatViolation({
      path: 'a.ts',
      line: 3,
      what: 'a default export',
      why: 'names matter',
      mend: 'export it by name',
    }),
  ).toBe('a.ts:3: a default export; names matter; export it by name')
})
