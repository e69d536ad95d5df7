import { describe, expect, it } from 'vitest'
import { forwardedQuery } from './query.ts'

describe('the query', () => {
  it.each([
    ['', ''],
    ['?', ''],
    ['?alt=sse&pageSize=10', '?alt=sse&pageSize=10'],
    ['?a=%20b+c&a=2&empty=&bare', '?a=%20b+c&a=2&empty=&bare'],
    ['?expand[]=x&filter={"a":1}', '?expand[]=x&filter={"a":1}'],
    ['?key=secret', ''],
    ['?alt=sse&key=secret&x=1', '?alt=sse&x=1'],
    ['?api_key=secret&KEY=a&Api-Key=b&access_token=c&apikey=d&y=1', '?y=1'],
    ['?%6bey=secret&k%65y=b&x=1', '?x=1'],
    ['?key', ''],
    ['?%ff=1', '?%ff=1'],
    ['?keyword=a&monkey=b', '?keyword=a&monkey=b'],
  ])('%s goes on as %s', (search, expected) => {
    expect(forwardedQuery(search)).toBe(expected)
  })

  it('loses the parameters meant for the gateway', () => {
    expect(forwardedQuery('?model=acme/x&limit=1', ['model'])).toBe('?limit=1')
  })

  it.each([
    '?a=b c',
    '?a=b\r\nHost: evil',
    '?a\0',
    '?a#b',
    '?caf\u00e9',
    '?a=%',
    '?a=%2',
    '?a=%zz',
  ])('%j is none', (search) => {
    expect(() => forwardedQuery(search)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    )
  })
})
