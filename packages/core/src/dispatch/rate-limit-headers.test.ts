import { describe, expect, it } from 'vitest'
import { dialects } from '../dialects/index.ts'
import { restAskedMs } from './rate-limit-headers.ts'

const NOW = Date.parse('2026-01-02T03:04:05Z')

describe('what is left of a limit', () => {
  it.each<[Record<string, string>, number]>([
    [{}, 0],
    [{ 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '6m0s' }, 0],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' }, 360_000],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '20ms' }, 20],
    [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1.5s' }, 1_500],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '2' }, 2_000],
    [
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '3s',
      },
      3_000,
    ],
    [
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '2026-01-02T03:04:00Z',
      },
      0,
    ],
    [{ 'x-ratelimit-remaining-requests': '0' }, 0],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': 'soon' }, 0],
    [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '-5' }, 0],
  ])('%j asks for %i ms', (headers, ms) => {
    expect(restAskedMs(headers, NOW)).toBe(ms)
  })

  it('is said by others in words of their own', () => {
    const names = dialects.get('anthropic-messages')?.providerSide.limitHeaders
    expect(
      restAskedMs(
        {
          'anthropic-ratelimit-input-tokens-remaining': '0',
          'anthropic-ratelimit-input-tokens-reset': '2026-01-02T03:04:09Z',
        },
        NOW,
        names,
      ),
    ).toBe(4_000)
  })
})
