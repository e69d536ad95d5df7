import { expect, it } from 'vitest'
import type { Finish } from '../../model/finish.ts'
import { stopFields } from './finish.ts'

const none = { stop_sequence: null, stop_details: null }

it.each<[Finish | undefined, boolean, object]>([
  [{ reason: 'stop' }, false, { stop_reason: 'end_turn', ...none }],
  [
    { reason: 'stop', detail: 'END' },
    false,
    { stop_reason: 'stop_sequence', stop_sequence: 'END', stop_details: null },
  ],
  [
    { reason: 'stop', native: 'stop_sequence', detail: 'END' },
    false,
    { stop_reason: 'stop_sequence', stop_sequence: 'END', stop_details: null },
  ],
  [{ reason: 'stop', native: 'stop_sequence' }, false, { stop_reason: 'stop_sequence', ...none }],
  [{ reason: 'stop', native: 'pause_turn' }, false, { stop_reason: 'pause_turn', ...none }],
  [
    { reason: 'stop', native: 'OTHER', detail: 'what happened' },
    false,
    { stop_reason: 'end_turn', ...none },
  ],
  [{ reason: 'tool_calls' }, true, { stop_reason: 'tool_use', ...none }],
  [{ reason: 'length' }, false, { stop_reason: 'max_tokens', ...none }],
  [{ reason: 'length' }, true, { stop_reason: 'max_tokens', ...none }],
  [
    { reason: 'length', native: 'model_context_window_exceeded' },
    false,
    { stop_reason: 'model_context_window_exceeded', ...none },
  ],
  [
    { reason: 'content_filter', native: 'SAFETY' },
    false,
    {
      stop_reason: 'refusal',
      stop_sequence: null,
      stop_details: { type: 'refusal', category: null, explanation: null },
    },
  ],
  [
    { reason: 'content_filter', detail: 'no' },
    false,
    {
      stop_reason: 'refusal',
      stop_sequence: null,
      stop_details: { type: 'refusal', category: null, explanation: 'no' },
    },
  ],
  [undefined, false, { stop_reason: 'end_turn', ...none }],
  [undefined, true, { stop_reason: 'tool_use', ...none }],
])('%j, calls: %j', (finish, calledTools, expected) => {
  expect(stopFields({ finish, calledTools, refusal: '' })).toEqual(expected)
})

it('nothing but a call of a tool ends with tool_use, and every call does', () => {
  expect(stopFields({ finish: { reason: 'stop' }, calledTools: true, refusal: '' })).toMatchObject({
    stop_reason: 'tool_use',
  })
  expect(
    stopFields({ finish: { reason: 'tool_calls' }, calledTools: false, refusal: '' }),
  ).toMatchObject({ stop_reason: 'end_turn' })
})

it('a refusal in words is a refusal, whatever else the provider says', () => {
  expect(
    stopFields({ finish: { reason: 'stop' }, calledTools: false, refusal: 'I will not.' }),
  ).toEqual({
    stop_reason: 'refusal',
    stop_sequence: null,
    stop_details: { type: 'refusal', category: null, explanation: 'I will not.' },
  })
})
