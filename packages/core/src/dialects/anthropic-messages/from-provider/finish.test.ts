import { describe, expect, it } from 'vitest'
import { mapFinishReason } from './finish.ts'

describe('finishOf', () => {
  it.each([
    ['end_turn', { reason: 'stop' }],
    ['stop_sequence', { reason: 'stop', native: 'stop_sequence' }],
    ['pause_turn', { reason: 'stop', native: 'pause_turn' }],
    ['max_tokens', { reason: 'length' }],
    [
      'model_context_window_exceeded',
      { reason: 'length', native: 'model_context_window_exceeded' },
    ],
    ['refusal', { reason: 'content_filter', native: 'refusal' }],
    ['compaction', { reason: 'length', native: 'compaction' }],
    ['something_new', { reason: 'length', native: 'something_new' }],
  ])('%s', (word, expected) => {
    expect(mapFinishReason({ stop_reason: word }, { calledTools: false })).toEqual(expected)
  })

  it('maps tool_use to tool_calls when the client has tools to run', () => {
    expect(mapFinishReason({ stop_reason: 'tool_use' }, { calledTools: true })).toEqual({
      reason: 'tool_calls',
    })
    expect(mapFinishReason({ stop_reason: 'tool_use' }, { calledTools: false })).toEqual({
      reason: 'stop',
    })
    expect(mapFinishReason({ stop_reason: 'max_tokens' }, { calledTools: true })).toEqual({
      reason: 'length',
    })
  })

  it("keeps stop for calls the provider's own code made and consumed", () => {
    expect(mapFinishReason({ stop_reason: 'end_turn' }, { calledTools: true })).toEqual({
      reason: 'stop',
    })
  })

  it('keeps the stop sequence or the explanation', () => {
    expect(
      mapFinishReason(
        { stop_reason: 'stop_sequence', stop_sequence: 'END' },
        { calledTools: false },
      )?.detail,
    ).toBe('END')
    const refused = {
      stop_reason: 'refusal',
      stop_sequence: null,
      stop_details: { explanation: 'Not this.' },
    }
    expect(mapFinishReason(refused, { calledTools: false })?.detail).toBe('Not this.')
  })

  it('says nothing while the answer goes on', () => {
    expect(mapFinishReason({ stop_reason: null }, { calledTools: true })).toBeUndefined()
    expect(mapFinishReason({}, { calledTools: false })).toBeUndefined()
  })
})
