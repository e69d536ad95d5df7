import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../model/json-object.ts'
import { callContext } from '../from-client/request.fake.ts'
import { relay } from './relay.ts'

const call = callContext({ stream: false })
const bytes = Buffer.from('the bytes')
const candidate = (parts: unknown[], more: object = {}): JsonObject => ({
  content: { parts, role: 'model' },
  ...more,
})
const read = (body: JsonObject) => relay.readAnswer(body, bytes, call)

describe('a whole answer', () => {
  it('is forwarded as it came, and looked at', () => {
    const body = {
      candidates: [candidate([{ text: 'a' }], { finishReason: 'STOP' })],
      usageMetadata: { promptTokenCount: 1, toolUsePromptTokenCount: 2, candidatesTokenCount: 3 },
    }
    const answer = read(body)
    expect(answer.body).toBe(bytes)
    expect(answer).toMatchObject({
      usage: { inputTokens: 3, outputTokens: 3 },
      finishes: [{ reason: 'stop' }],
    })
  })

  it.each([
    [
      'calls, though it says STOP (nasty 1)',
      candidate([{ functionCall: { name: 'f' } }], { finishReason: 'STOP' }),
      { reason: 'tool_calls' },
    ],
    [
      'thoughts that ate its tokens (nasty 8)',
      { finishReason: 'MAX_TOKENS' },
      { reason: 'length' },
    ],
    ['no finish reason', candidate([{ text: 'a' }]), { reason: 'stop' }],
    [
      'calls and no finish reason',
      candidate([{ functionCall: { name: 'f' } }]),
      { reason: 'tool_calls' },
    ],
    [
      'a word without a counterpart',
      candidate([{ text: 'Hi' }], {
        finishReason: 'MALFORMED_FUNCTION_CALL',
        finishMessage: 'bad',
      }),
      { reason: 'length', native: 'MALFORMED_FUNCTION_CALL', detail: 'bad' },
    ],
  ])('may have %s', (_, one, finish) => {
    expect(read({ candidates: [one] }).finishes).toEqual([finish])
  })

  it('nasty 8: may be a refused prompt', () => {
    expect(read({ promptFeedback: { blockReason: 'SAFETY' } }).finishes).toEqual([
      { reason: 'content_filter', native: 'SAFETY' },
    ])
  })

  it.each([
    [{}, 'acme sent an answer without content or finish reason.'],
    [
      { candidates: [], promptFeedback: {} },
      'acme sent an answer without content or finish reason.',
    ],
    [{ candidates: [{ index: 0 }] }, 'acme sent a candidate without content or finish reason.'],
    [{ candidates: [null] }, 'acme sent a candidate without content or finish reason.'],
    [
      { error: { code: 429, message: 'Slow down.', status: 'RESOURCE_EXHAUSTED' } },
      'acme: Slow down.',
    ],
  ])('is none in %j', (body, message) => {
    expect(() => read(body)).toThrow(message)
  })
})
