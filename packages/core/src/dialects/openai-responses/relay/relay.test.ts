import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { callTo } from '../to-provider/conversation.fake.ts'
import { relay } from './relay.ts'

const call = callTo('physical')
function read(body: JsonObject) {
  const bytes = Buffer.from(JSON.stringify(body))
  return { bytes, ...relay.readAnswer(body, bytes, call) }
}

describe('a whole answer', () => {
  it('passes as it came, usage and finish are seen', () => {
    const answer = read({
      id: 'resp_1',
      status: 'completed',
      error: null,
      output: [{ type: 'function_call' }],
      usage: { input_tokens: 3, output_tokens: 2 },
      unknown: 1,
    })
    expect(answer.body).toBe(answer.bytes)
    expect(answer).toMatchObject({
      usage: { inputTokens: 3, outputTokens: 2 },
      finishes: [{ reason: 'tool_calls' }],
    })
  })

  it.each<[string, JsonObject]>([
    ['length', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }],
    ['content_filter', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }],
    ['stop', { status: 'completed' }],
  ])('%s', (reason, fields) => {
    expect(read({ output: [], ...fields }).finishes).toEqual([{ reason }])
  })

  it('that is being made in the background is not finished, and not an error', () => {
    expect(
      read({ status: 'queued', background: true, output: [], usage: null, error: null }),
    ).toMatchObject({ finishes: [], usage: undefined })
  })

  it.each<[string, JsonObject]>([
    ['provider_error', { status: 'failed', error: null, output: [] }],
    [
      'insufficient_quota',
      { status: 'failed', error: { code: 'insufficient_quota', message: 'no' }, output: [] },
    ],
    ['upstream_invalid', { status: 'in_progress', output: [] }],
    ['upstream_invalid', { status: 'completed' }],
    ['upstream_invalid', { status: 'queued', background: true }],
    [
      'insufficient_quota',
      {
        status: 'queued',
        background: true,
        error: { code: 'insufficient_quota', message: 'no' },
        output: [],
      },
    ],
  ])('%s in a 200 is an error: %j', (code, body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ code }))
  })
})
