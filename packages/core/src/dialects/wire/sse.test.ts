import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../errors.ts'
import { parseFrames, type SseFrame, SseSplitter } from './sse.ts'

const LIMIT = 8 * 1024 * 1024

/** The frames of a stream that arrives in these chunks, and the blocks it was cut into. */
function split(
  chunks: readonly Uint8Array[],
  limit = LIMIT,
): { frames: SseFrame[]; blocks: Uint8Array[] } {
  const splitter = new SseSplitter(limit)
  const blocks = chunks.flatMap((chunk) => splitter.push(chunk) ?? [])
  const rest = splitter.rest()
  if (rest !== undefined) blocks.push(rest)
  return { frames: blocks.flatMap(parseFrames), blocks }
}

/**
 * The same text as `eventsource-parser` reads it; a last event without its blank line is
 * completed, as `rest` does.
 */
function reference(text: string): SseFrame[] {
  const frames: SseFrame[] = []
  const parser = createParser({
    onEvent: ({ event, data }) => frames.push({ event: event === '' ? undefined : event, data }),
  })
  parser.feed(text)
  // The parser holds a last CR back until it knows whether an LF follows.
  parser.feed(text.endsWith('\r') ? '\n\n' : '\n\n\n')
  return frames
}

function cutAt(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const places = [...new Set(positions.map((position) => position % (bytes.length + 1)))].sort(
    (a, b) => a - b,
  )
  return [0, ...places].map((place, at) => bytes.subarray(place, places[at] ?? bytes.length))
}

const oneByteEach = (text: string): Uint8Array[] =>
  [...Buffer.from(text)].map((byte) => Uint8Array.of(byte))

const value = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      'a',
      ' ',
      ':',
      '{',
      '"',
      '\u00e9',
      'e\u0301',
      '\u6f22',
      '\u{1f600}',
      '\u{1f468}\u200d\u{1f469}',
      '\u2028',
      '\ufeff',
      '\u0085',
    ),
    maxLength: 8,
  }),
  fc.json({ maxDepth: 1 }).map((text) => text.replace(/[\r\n]/g, '')),
)

const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('data: ', 'data:', 'data:  '), value)
      .map((parts) => parts.join('')),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('event: ', 'event:'), value).map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(': ', ':'), value).map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'data',
      'event',
      'id: 7',
      'id',
      'retry: 10',
      'unknown: x',
      ' data: x',
      'Data: x',
      'dataset: x',
      '\u00e9: x',
    ),
  },
)

const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
const block = fc.record({
  lines: fc.array(line, { maxLength: 4 }),
  blanks: fc.integer({ min: 1, max: 2 }),
})

/** Streams with one style of line ends, and streams that change it from line to line. */
const stream = fc
  .record({
    blocks: fc.array(block, { maxLength: 6 }),
    ends: fc.array(lineEnd, { minLength: 1, maxLength: 4 }),
    bom: fc.boolean(),
    cutEnd: fc.boolean(),
  })
  .map(({ blocks, ends, bom, cutEnd }) => {
    let count = 0
    const end = (): string => ends[count++ % ends.length] as string
    const text = blocks
      .map(
        ({ lines, blanks }) =>
          lines.map((content) => content + end()).join('') +
          Array.from({ length: blanks }, end).join(''),
      )
      .join('')
    return (bom ? '\ufeff' : '') + (cutEnd ? text.replace(/[\r\n]+$/, '') : text)
  })

describe('against eventsource-parser', () => {
  it('finds the same events, wherever the network cuts the bytes', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (text, cuts) => {
        const { frames, blocks } = split(cutAt(Buffer.from(text), cuts))
        expect(frames).toEqual(reference(text))
        expect(Buffer.concat(blocks).toString()).toBe(text)
      }),
      { numRuns: 2000, seed: 3 },
    )
  })

  it('finds the same events one byte at a time', () => {
    fc.assert(
      fc.property(stream, (text) => {
        expect(split(oneByteEach(text)).frames).toEqual(reference(text))
      }),
      { numRuns: 500, seed: 4 },
    )
  })

  it('gives whole events only: a block never ends inside one', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (text, cuts) => {
        const splitter = new SseSplitter(LIMIT)
        for (const chunk of cutAt(Buffer.from(text), cuts)) {
          const whole = splitter.push(chunk)
          if (whole !== undefined)
            expect(Buffer.from(whole).toString()).toMatch(/(^|\r\n|\n|\r)(\r\n|\n|\r)$/)
        }
      }),
      { numRuns: 500, seed: 5 },
    )
  })
})

describe('SseSplitter', () => {
  it.each([
    ['data: a\n\ndata: b\n\n', ['a', 'b']],
    ['data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['data: a\r\rdata: b\r\r', ['a', 'b']],
    ['data: a\r\ndata: b\r\n\r\n', ['a\nb']],
    ['data: a\rdata: b\r\r', ['a\nb']],
    ['data:\n\n', ['']],
    ['data\ndata\n\n', ['\n']],
    [': only a comment\n\n', []],
    ['event: named, without data\n\n', []],
    ['\n\n\ndata: a\n\n', ['a']],
    ['data: \u6f22\u5b57 \u{1f600}\n\n', ['\u6f22\u5b57 \u{1f600}']],
    ['data: the blank line is missing', ['the blank line is missing']],
    ['data: the blank line is missing\n', ['the blank line is missing']],
  ])('%j in one write and in one-byte writes', (text, expected) => {
    expect(split([Buffer.from(text)]).frames.map((frame) => frame.data)).toEqual(expected)
    expect(split(oneByteEach(text)).frames.map((frame) => frame.data)).toEqual(expected)
  })

  it('keeps a CRLF together that the network cut in two', () => {
    const chunks = ['event: delta\r', '\ndata: a\r', '\ndata: b\r', '\n\r', '\n'].map((text) =>
      Buffer.from(text),
    )
    expect(split(chunks).frames).toEqual([{ event: 'delta', data: 'a\nb' }])
  })

  it('returns a chunk of whole events as the same object', () => {
    const chunk = Buffer.from('data: a\n\n')
    expect(new SseSplitter(LIMIT).push(chunk)).toBe(chunk)
  })

  it('takes an event of 2 MB in writes of a few bytes, and another in one-byte writes, without going back over it', () => {
    const text = `data: ${'x'.repeat(2_000_000)}\n\n`
    const bytes = Buffer.from(text)
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) =>
      bytes.subarray(at * 7, at * 7 + 7),
    )
    expect(split(chunks).frames[0]?.data).toHaveLength(2_000_000)
    expect(split(oneByteEach(`data: ${'y'.repeat(200_000)}\r\n\r\n`)).frames[0]?.data).toHaveLength(
      200_000,
    )
  })

  it('reads each byte of a chunk once', () => {
    let reads = 0
    const counting = (text: string): Uint8Array =>
      new Proxy(Buffer.from(text), {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) reads += 1
          const found = Reflect.get(target, key, target) as unknown
          return typeof found === 'function' ? found.bind(target) : found
        },
      })
    const splitter = new SseSplitter(LIMIT)
    for (let at = 0; at < 100; at++) splitter.push(counting(`data: ${'x'.repeat(93)}\r`))
    // Once each, and a look at how the chunk ends.
    expect(reads).toBeLessThanOrEqual(100 * (100 + 2))
  })

  it('refuses an unfinished event over the limit, and only that', () => {
    const refusal = (chunks: readonly string[], limit: number): unknown => {
      try {
        split(
          chunks.map((chunk) => Buffer.from(chunk)),
          limit,
        )
        return undefined
      } catch (error) {
        return error instanceof GatewayError ? error.code : error
      }
    }
    expect(refusal(['data: 12345'], 10)).toBe('upstream_invalid')
    expect(refusal(['data: 1234'], 10)).toBeUndefined()
    expect(refusal(['data: 12', '34', '5'], 10)).toBe('upstream_invalid')
    expect(
      refusal(
        Array.from({ length: 50 }, () => 'data: 1\n\n'),
        10,
      ),
    ).toBeUndefined()
  })
})

describe('parseFrames', () => {
  const frames = (text: string): SseFrame[] => parseFrames(Buffer.from(text))

  it('takes the event field before and after the data, and only for its own event', () => {
    expect(frames('data: a\nevent: late\n\ndata: b\n\n')).toEqual([
      { event: 'late', data: 'a' },
      { event: undefined, data: 'b' },
    ])
    expect(frames('event: lost\n\ndata: b\n\n')).toEqual([{ event: undefined, data: 'b' }])
  })

  it('removes exactly one space after the colon', () => {
    expect(frames('data:a\ndata: b\ndata:  c\n\n')).toEqual([
      { event: undefined, data: 'a\nb\n c' },
    ])
  })

  it('makes a bare error line an event named error', () => {
    expect(frames('error: {"code":500}\n\n')).toEqual([{ event: 'error', data: '{"code":500}' }])
  })

  it('removes a byte order mark at the start', () => {
    expect(frames('\ufeffdata: a\n\n')).toEqual([{ event: undefined, data: 'a' }])
  })

  it('leaves what is inside a value alone: colons, separators, a byte order mark', () => {
    expect(frames('data: a:b\u2028\ufeffc\n\n')[0]?.data).toBe('a:b\u2028\ufeffc')
  })
})

describe.each([
  ['LF', '\n'],
  ['CR', '\r'],
  ['CRLF', '\r\n'],
])('a block of very many lines that end with %s', (_name, end) => {
  it.each(['', 'data', 'data: ', ':', 'a', 'event: a', `data: {}${end}`])(
    'each of them %j, is refused',
    (content) => {
      const text = (content + end).repeat(100_001)
      expect(() => parseFrames(Buffer.from(`${text}${end}`))).toThrow(
        expect.objectContaining({
          code: 'upstream_invalid',
          message: expect.stringContaining('100000 lines'),
        }),
      )
      expect(() => parseFrames(Buffer.from((content + end).repeat(40_000) + end))).not.toThrow()
    },
  )
})
