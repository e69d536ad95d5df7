import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { callContext } from '../from-client/request.fake.ts'
import { relay } from './relay.ts'

function answer(body: JsonObject | string) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const bytes = Buffer.from(text)
  return { bytes, relayed: relay.readAnswer(JSON.parse(text) as JsonObject, bytes, callContext()) }
}

describe('a whole answer', () => {
  it('passes byte for byte, and is looked at', () => {
    const { bytes, relayed } = answer(
      '{"type":"message", "content":[{"type":"tool_use","input":{"big":12345678901234567890}}]   ,"stop_reason":"tool_use","usage":{"input_tokens":4,"cache_read_input_tokens":8851,"output_tokens":7}}',
    )
    expect(relayed.body).toBe(bytes)
    expect(relayed.usage).toMatchObject({ inputTokens: 8855, cachedTokens: 8851, outputTokens: 7 })
    expect(relayed.finishes).toEqual([{ reason: 'tool_calls' }])
  })

  it('that has not said why it ended has no finish', () => {
    expect(answer({ content: [], stop_reason: null }).relayed).toMatchObject({
      finishes: [],
      usage: undefined,
    })
  })

  it('an error in a 200 is an error', () => {
    expect(() =>
      answer({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    ).toThrow(expect.objectContaining({ code: 'provider_overloaded' }))
  })

  it('that is no message is none', () => {
    expect(() => answer({ choices: [] })).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    )
  })
})
