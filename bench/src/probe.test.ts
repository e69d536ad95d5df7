import { describe, expect, it } from 'vitest'
import { checkJson, checkStream } from './probe.ts'
import { openaiJson, openaiStream, openaiStreamWithUsage } from './traffic.ts'

describe('the check before measuring', () => {
  const whole = openaiStream.join('')

  it('accepts what the upstream sends', () => {
    expect(() => checkJson(openaiJson.toString())).not.toThrow()
    expect(() => checkStream(whole, 'stream')).not.toThrow()
  })

  it('refuses JSON whose text or usage is gone', () => {
    expect(() => checkJson(openaiJson.toString().replace('gate', 'door'))).toThrow(
      'text is not what',
    )
    expect(() =>
      checkJson(openaiJson.toString().replace('"total_tokens":490', '"total_tokens":0')),
    ).toThrow('usage')
  })

  it('refuses a stream that is cut, changed, unfinished or has one event too many', () => {
    expect(() => checkStream(openaiStream.slice(0, -1).join(''), 'stream')).toThrow('[DONE]')
    expect(() => checkStream(whole.replace(' gate', ' door'), 'stream')).toThrow('text is not what')
    expect(() =>
      checkStream(whole.replace('"finish_reason":"stop"', '"finish_reason":null'), 'stream'),
    ).toThrow('finished')
    expect(() => checkStream(openaiStreamWithUsage.join(''), 'stream')).toThrow('101 events')
  })
})
