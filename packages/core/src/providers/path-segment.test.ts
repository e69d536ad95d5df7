import { describe, expect, it } from 'vitest'
import { pathSegment } from './path-segment.ts'

describe('pathSegment', () => {
  it.each([
    ['gpt-5.1', 'gpt-5.1'],
    ['claude-sonnet-4-5@20250929', 'claude-sonnet-4-5@20250929'],
    ['../../other', '..%2F..%2Fother'],
    ['a?b#c:d\\e', 'a%3Fb%23c%3Ad%5Ce'],
    ['\ud800', '%EF%BF%BD'],
    ['...', '...'],
  ])('%j is %s', (model, segment) => {
    expect(pathSegment(model, 'own')).toBe(segment)
  })

  it.each(['.', '..', ''])('%j leads out of its folder and is refused', (model) => {
    expect(() => pathSegment(model, 'own')).toThrow(
      expect.objectContaining({
        code: 'model_not_found',
        details: { param: 'model', provider: 'own' },
      }),
    )
  })
})
