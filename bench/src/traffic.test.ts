import { describe, expect, it } from 'vitest'
import {
  anthropicStream,
  EVENTS_PER_STREAM,
  openaiJson,
  openaiStream,
  requestBody,
} from './traffic.ts'

describe('the traffic', () => {
  it('has the sizes the method promises', () => {
    expect(requestBody('json', 'gpt-5-mini').length).toBeGreaterThan(900)
    expect(requestBody('json', 'gpt-5-mini').length).toBeLessThan(1_300)
    expect(openaiJson.length).toBeGreaterThan(1_900)
    expect(openaiJson.length).toBeLessThan(2_400)
  })

  it('has exactly 100 events in a stream of either dialect', () => {
    expect(openaiStream.length - 1).toBe(EVENTS_PER_STREAM)
    expect(anthropicStream.length).toBe(EVENTS_PER_STREAM)
  })
})
