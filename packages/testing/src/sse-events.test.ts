import { describe, expect, it } from 'vitest'
import { splitEvents } from './sse-events.ts'

describe('splitEvents', () => {
  it('cuts after blank lines of every kind and keeps every byte', () => {
    const text = 'data: ü\n\nevent: a\r\ndata: b\r\n\r\ndata: c\r\rdata: d\n\n\n\ndata: rest'
    const events = splitEvents(Buffer.from(text)).map((event) => Buffer.from(event).toString())
    expect(events).toEqual([
      'data: ü\n\n',
      'event: a\r\ndata: b\r\n\r\n',
      'data: c\r\r',
      'data: d\n\n\n\n',
      'data: rest',
    ])
  })

  it('finds nothing in nothing', () => {
    expect(splitEvents(Buffer.alloc(0))).toEqual([])
  })
})
