import { describe, expect, it } from 'vitest'
import type { Finish } from '../../model/finish.ts'
import { blockedPrompt, mapFinishReason, finishWord } from './finish.ts'

const FILTERED = [
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'MODEL_ARMOR',
]
const ODD = [
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MALFORMED_RESPONSE',
  'OTHER',
  'IMAGE_OTHER',
  'NO_IMAGE',
  'BRAND_NEW',
]

describe('finishOf', () => {
  it.each<[word: string, hasCalls: boolean, finish: Finish]>([
    ['STOP', false, { reason: 'stop' }],
    ['STOP', true, { reason: 'tool_calls' }],
    ['MAX_TOKENS', true, { reason: 'length' }],
    ['CONTINUATION', false, { reason: 'length', native: 'CONTINUATION' }],
  ])('%s (calls: %s)', (word, hasCalls, finish) => {
    expect(mapFinishReason(word, hasCalls, undefined)).toEqual(finish)
  })

  it.each(FILTERED)('%s is a content filter', (word) => {
    expect(mapFinishReason(word, true, undefined)).toEqual({
      reason: 'content_filter',
      native: word,
    })
  })

  it.each(ODD)('%s keeps its own word', (word) => {
    expect(mapFinishReason(word, true, undefined)).toEqual({ reason: 'length', native: word })
  })

  it('keeps the explanation of an odd end, cleaned', () => {
    expect(mapFinishReason('MALFORMED_FUNCTION_CALL', false, 'Malformed\ncall')).toEqual({
      reason: 'length',
      native: 'MALFORMED_FUNCTION_CALL',
      detail: 'Malformed call',
    })
    expect(mapFinishReason('STOP', true, 'Model generated function call(s).')).toEqual({
      reason: 'tool_calls',
    })
  })
})

it.each([
  ['STOP', 'STOP'],
  ['', undefined],
  ['FINISH_REASON_UNSPECIFIED', undefined],
  [undefined, undefined],
])('finishWord(%j)', (value, word) => {
  expect(finishWord(value)).toBe(word)
})

it.each([
  [
    { blockReason: 'SAFETY', blockReasonMessage: 'no' },
    { reason: 'content_filter', native: 'SAFETY', detail: 'no' },
  ],
  [{ safetyRatings: [] }, undefined],
  [undefined, undefined],
])('blockedPrompt(%j)', (feedback, finish) => {
  expect(blockedPrompt(feedback)).toEqual(finish)
})
