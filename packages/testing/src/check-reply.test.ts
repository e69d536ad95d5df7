import { describe, expect, it } from 'vitest'
import { checkReply } from './check-reply.ts'
import { syntheticRecordings } from './synthetic/recordings.ts'

const replay = syntheticRecordings('openai-chat')[0]!

describe('checkReply', () => {
  it('accepts what makes sense', () => {
    expect(() => checkReply({}, 'gemini')).not.toThrow()
    expect(() =>
      checkReply(
        {
          answer: { toolCalls: [{ name: 'a', arguments: ['{"b"', ':1}'] }] },
          cutAfterBytes: 3,
          cutBy: 'rst',
          writeSizes: { seed: 1 },
        },
        'gemini',
      ),
    ).not.toThrow()
    expect(() =>
      checkReply({ answer: { toolCalls: [{ name: 'a', arguments: '{"b' }] } }, 'openai-chat'),
    ).not.toThrow()
  })

  it.each([
    [{ answer: {}, replay }, 'one of answer'],
    [{ hangAfterBytes: 1, cutAfterEvents: 1 }, 'stops once'],
    [{ cutBy: 'rst' }, 'must say where'],
    [{ slowDrip: { bytes: 1, everyMs: 1 }, writeSizes: 1 }, 'both set the size'],
    [{ replay, withoutDone: true }, 'only for scripted answers'],
    [{ raw: { body: '' }, comments: true }, 'only for scripted answers'],
    [{ replay, status: 500 }, 'only for scripted answers'],
    [{ writeSizes: 0 }, 'at least one byte'],
    [{ writeSizes: { seed: 1, min: 5, max: 4 } }, 'at least one byte'],
    [{ withoutDone: true }, 'no end marker'],
    [{ answer: { toolCalls: [{ name: 'f', arguments: '{"b' }] } }, 'no JSON object'],
  ] as const)('refuses %o', (reply, message) => {
    expect(() => checkReply(reply, 'gemini')).toThrow(message)
  })
})
