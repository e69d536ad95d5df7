import { expect, it } from 'vitest'
import { GatewayError } from '../../errors.ts'
import type { StreamRelay } from '../model/relay.ts'
import { MarkedRelay } from './marked-relay.ts'

it('passes on everything the inner relay reports', () => {
  const observed = { usage: undefined, finishes: [] }
  // A member that is added to relays does not compile until it stands here.
  const facts: { readonly [Name in keyof Required<StreamRelay>]: unknown } = {
    events: 3,
    hasContent: true,
    error: new GatewayError('internal_error', 'x'),
    complete: true,
    endGraceMs: 7,
    said: 'Hi',
    usage: { inputTokens: 1, outputTokens: 2 },
    finishes: [{ reason: 'stop' }],
    outputEstimate: 5,
    reasoningSeen: 'concealed',
    ownShare: observed,
    push: () => 'pushed',
    flush: () => 'flushed',
    end: () => 'ended',
    cut: () => 'cut',
    fail: () => 'failed',
  }
  const marked = new MarkedRelay(facts as unknown as StreamRelay, {
    concerns: () => false,
    take: () => undefined,
  })
  for (const [name, fact] of Object.entries(facts)) {
    const told = marked[name as keyof StreamRelay]
    if (typeof fact === 'function') expect((told as () => unknown).call(marked), name).toBe(fact())
    else expect(told, name).toBe(fact)
  }
})
