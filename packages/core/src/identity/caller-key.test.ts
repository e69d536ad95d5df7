import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callerKey, type KnownCaller, spellingsOf } from './caller-key.ts'

/** Names of keys as the configuration and `/admin` allow them. */
const keyName = fc.stringMatching(/^[A-Za-z0-9][\w.@-]{0,8}$/)
const prefixes = ['', 'key:', 'made:', 'token:', 'host:', 'none:']
/** Anything, and what looks like the spelling of another caller. */
const outsideId = fc.oneof(
  fc.string({ minLength: 1 }),
  fc
    .tuple(fc.constantFrom(...prefixes), fc.constantFrom(...prefixes), keyName)
    .map((parts) => parts.join('')),
)
const caller: fc.Arbitrary<Pick<KnownCaller, 'id' | 'credential'>> = fc.oneof(
  fc.record({ id: keyName, credential: fc.constantFrom('key' as const, 'made' as const) }),
  fc.record({ id: outsideId, credential: fc.constantFrom('token' as const, 'host' as const) }),
  fc.constant({ id: 'anonymous', credential: 'none' as const }),
)

describe('the spelling of callers', () => {
  it('is never that of another caller', () => {
    fc.assert(
      fc.property(caller, caller, (one, other) => {
        const isSame = one.id === other.id && one.credential === other.credential
        expect(callerKey(one) === callerKey(other)).toBe(isSame)
      }),
      { numRuns: 2_000 },
    )
  })

  it('of a name without a kind is that of keys, and of nothing else', () => {
    fc.assert(
      fc.property(caller, keyName, (one, name) => {
        expect(spellingsOf(name).includes(callerKey(one))).toBe(
          one.id === name && (one.credential === 'key' || one.credential === 'made'),
        )
      }),
    )
  })
})
