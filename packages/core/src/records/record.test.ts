import { describe, expect, it } from 'vitest'
import type { Operation } from '../dialects/index.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import { recordOf } from './record.ts'

const SECRET = 'canary'

const operation: Operation = {
  model: 'support',
  stream: true,
  translationFor: () => {
    throw new Error('records translate nothing')
  },
}

function exchange(known: Partial<Exchange> = {}): Exchange {
  return {
    id: 'req_1',
    startedAt: Date.parse('2026-01-02T03:04:05.678Z'),
    started: 5,
    trace: {},
    endpoint: 'POST /v1/chat/completions',
    caller: undefined,
    operation: undefined,
    route: undefined,
    target: undefined,
    admitted: undefined,
    counted: undefined,
    attempts: [],
    usages: [],
    dropped: [],
    degraded: new Set(),
    committedAfterMs: undefined,
    settled: true,
    cancel: undefined,
    endedBy: undefined,
    place: -1,
    ...known,
  }
}

describe('recordOf', () => {
  it('holds everything known of a request that went well', () => {
    const attempts = [
      {
        target: 'acme/big',
        code: 'provider_error' as const,
        status: 500,
        ms: 7,
        billed: 'no' as const,
      },
      { target: 'other/small', code: 'ok' as const, status: 200, ms: 9, billed: 'no' as const },
    ]
    const known = exchange({
      caller: {
        id: 'alpha',
        tenant: 't',
        team: 'x',
        user: 'u',
        feature: 'f',
        routes: ['support'],
        credential: 'host',
      },
      operation,
      route: 'support',
      target: 'other/small',
      attempts,
      dropped: ['seed'],
      committedAfterMs: 12,
    })
    const usage = {
      inputTokens: 10,
      outputTokens: 20,
      cachedTokens: 4,
      cacheWriteTokens: 0,
      reasoningTokens: 5,
      native: { secret: SECRET },
    }
    const finishes = [
      { reason: 'stop' as const, native: 'end_turn' },
      { reason: 'length' as const },
    ]
    expect(recordOf(known, { status: 200, code: 'ok', usage, finishes }, 34)).toEqual({
      id: 'req_1',
      at: '2026-01-02T03:04:05.678Z',
      endpoint: 'POST /v1/chat/completions',
      caller: { id: 'alpha', tenant: 't', team: 'x', user: 'u', feature: 'f' },
      credential: 'host',
      model: 'support',
      route: 'support',
      target: 'other/small',
      stream: true,
      status: 200,
      code: 'ok',
      attempts,
      usage: { input: 10, output: 20, cached: 4, cacheWrite: 0, reasoning: 5 },
      finishReasons: ['stop', 'length'],
      dropped: ['seed'],
      degraded: [],
      timings: { totalMs: 34, firstEventMs: 12 },
    })
  })

  it('has no field for what is not known: absent is not zero', () => {
    const record = recordOf(exchange(), { status: 401, code: 'missing_api_key' }, 1)
    expect(Object.keys(record)).toEqual([
      'id',
      'at',
      'endpoint',
      'stream',
      'status',
      'code',
      'attempts',
      'finishReasons',
      'dropped',
      'degraded',
      'timings',
    ])
    expect(record.timings).toStrictEqual({ totalMs: 1 })
    const bare = recordOf(
      exchange({ caller: { id: 'a', credential: 'key' } }),
      {
        status: 200,
        code: 'ok',
        usage: { inputTokens: 0, outputTokens: 0, cachedTokens: undefined },
      },
      1,
    )
    expect([bare.caller, bare.usage]).toStrictEqual([{ id: 'a' }, { input: 0, output: 0 }])
  })

  it('holds no prompt, no answer and nothing a client may fill freely', () => {
    const record = recordOf(
      exchange({ operation }),
      { status: 200, code: 'ok', usage: { inputTokens: 1, outputTokens: 1, native: SECRET } },
      1,
    )
    expect(JSON.stringify(record)).not.toContain(SECRET)
  })
})
