import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { counterName, type Limit, type Scope, scopes } from './limit.ts'

const limit = (scope: readonly Scope[]): Limit => ({
  place: '',
  scope,
  only: new Map(),
  unit: 'requests',
  window: 'minute',
  timeZone: 'UTC',
  amount: 1,
  alertAt: [],
  isSoft: false,
})

describe('counterOf', () => {
  it('names a counter in words while they are short', () => {
    expect(counterName(limit(['team', 'model']), { team: 'support', model: 'openai/gpt 5' })).toBe(
      'requests/minute/team=support;model=openai%2Fgpt%205',
    )
  })

  it('keeps every name short, and tells different callers apart, whatever they are called', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 90 }),
      fc.constantFrom('\ud800', '\udfff\ud800', '', 'a'.repeat(256), '漢'.repeat(256)),
    )
    fc.assert(
      fc.property(fc.constantFrom(...scopes), name, name, (scope, one, other) => {
        const [first, second] = [one, other].map((value) =>
          counterName(limit([scope]), { [scope]: value }),
        )
        expect(first?.length).toBeLessThanOrEqual(128)
        expect(first).toMatch(/^[\x21-\x7e]+$/)
        expect(first === second).toBe(one.toWellFormed() === other.toWellFormed())
      }),
      { numRuns: 200 },
    )
  })
})
