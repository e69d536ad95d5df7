import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../errors.ts'
import { BOUNDARY, formOf, type Part } from './form.fake.ts'
import { MultipartScanner } from './multipart-scanner.ts'

/** Result for a text that comes in pieces cut at these places. */
function scan(text: string, cuts: readonly number[] = []): MultipartScanner {
  const scanner = new MultipartScanner(BOUNDARY, 'model')
  const bytes = Buffer.from(text, 'latin1')
  const places = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b),
    bytes.length,
  ]
  for (let at = 1; at < places.length; at++)
    scanner.push(bytes.subarray(places[at - 1], places[at]))
  scanner.end()
  return scanner
}

function refusal(text: string): string {
  try {
    scan(text)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'invalid_request') return error.message
    throw error
  }
  throw new Error('it was accepted')
}

const part = (headers: string, content = 'x'): string =>
  `--${BOUNDARY}\r\n${headers}\r\n\r\n${content}\r\n`
const END = `--${BOUNDARY}--\r\n`

describe('the field', () => {
  it.each<[string, Part[], string | undefined]>([
    [
      'first',
      [
        ['model', 'a/b'],
        ['file', 'data', 'f.bin'],
      ],
      'a/b',
    ],
    [
      'behind the file',
      [
        ['file', 'data', 'f.bin'],
        ['model', 'a/b'],
        ['stream', 'true'],
      ],
      'a/b',
    ],
    [
      'empty',
      [
        ['model', ''],
        ['x', 'y'],
      ],
      '',
    ],
    ['absent', [['file', 'data', 'f.bin']], undefined],
    ['in the words of a file', [['file', 'name="model"\r\n\r\nevil\r\n', 'f.bin']], undefined],
    [
      'beside one of a similar name',
      [
        ['Model', 'x'],
        ['model[]', 'y'],
        ['model', 'z'],
      ],
      'z',
    ],
  ])('is found %s', (_where, parts, expected) => {
    expect(scan(formOf(...parts)).found?.value).toBe(expected)
  })

  it('is UTF-8', () => {
    expect(
      scan(Buffer.from(formOf(['model', 'caf\u00e9']), 'utf8').toString('latin1')).found?.value,
    ).toBe('caf\u00e9')
  })

  it('stands where it is said to stand, however the body is cut', () => {
    const content = fc.string({
      unit: fc.constantFrom('\r', '\n', '-', '\r\n', `--${BOUNDARY.slice(0, -1)}`, 'a', '\0'),
      maxLength: 20,
    })
    const cuts = fc.array(fc.nat(), { maxLength: 30 })
    fc.assert(
      fc.property(content, content, cuts, (before, after, places) => {
        const text = formOf(['file', before, 'f.bin'], ['model', 'acme/m'], ['x', after])
        const { found } = scan(text, places)
        expect(text.slice(found?.valueSpan.start, found?.valueSpan.end)).toBe('acme/m')
        expect(text.slice(0, found?.partSpan.start) + text.slice(found?.partSpan.end)).toBe(
          formOf(['file', before, 'f.bin'], ['x', after]),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('is found byte by byte', () => {
    const text = formOf(['file', 'data', 'f.bin'], ['model', 'a/b'])
    expect(
      scan(
        text,
        Array.from(text, (_, at) => at),
      ).found?.value,
    ).toBe('a/b')
  })
})

describe('what two parsers could read differently is refused', () => {
  it.each<[string, string]>([
    ['a second model', formOf(['model', 'a'], ['model', 'b'])],
    ['a second model as a file', formOf(['model', 'a'], ['model', 'b', 'f'])],
    [
      'a boundary behind a bare line feed',
      formOf([
        'file',
        `x\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="model"\r\n\r\nevil`,
        'f',
      ]),
    ],
    ['a boundary in the middle of a line', formOf(['x', `y--${BOUNDARY}`])],
    ['a boundary that goes on', formOf(['x', `y\r\n--${BOUNDARY}x\r\n`])],
    [
      'a boundary with spaces behind it',
      `--${BOUNDARY} \r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n${END}`,
    ],
    ['something behind the end', `${formOf(['model', 'a'])}${formOf(['model', 'b'])}`],
    ['no end', formOf(['model', 'a']).slice(0, -6)],
    ['nothing', ''],
    ['no form at all', '{"model":"a"}'],
    [
      'a part without headers',
      `--${BOUNDARY}\r\n\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n${END}`,
    ],
    [
      'a part without content',
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="x"\r\n\r\n${END}`,
    ],
    ['a part without a name', part('Content-Disposition: form-data') + END],
    ['a part that is no form data', part('Content-Disposition: attachment; name="model"') + END],
    ['two names', part('Content-Disposition: form-data; name="x"; name="model"') + END],
    [
      'an extended name',
      part(`Content-Disposition: form-data; name="x"; name*=utf-8''model`) + END,
    ],
    ['a name with escapes', part('Content-Disposition: form-data; name="mod\\el"') + END],
    [
      'two dispositions',
      part(
        'Content-Disposition: form-data; name="x"\r\nContent-Disposition: form-data; name="model"',
      ) + END,
    ],
    ['a folded header', part('Content-Disposition: form-data;\r\n name="model"') + END],
    [
      'a bare line feed among headers',
      part('X: y\nContent-Disposition: form-data; name="model"') + END,
    ],
    ['a space before the colon', part('Content-Disposition : form-data; name="model"') + END],
    ['headers without an end', part(`X: ${'y'.repeat(20_000)}`) + END],
    ['a model without an end', formOf(['model', 'm'.repeat(5000)])],
  ])('%s', (_what, text) => {
    expect(refusal(text)).toMatch(/^The multipart body cannot be read: /)
  })
})

it('keeps little of a large file', () => {
  const scanner = new MultipartScanner(BOUNDARY, 'model')
  scanner.push(Buffer.from(formOf(['file', '', 'f.bin']).slice(0, -(BOUNDARY.length + 8))))
  const started = performance.now()
  const piece = Buffer.alloc(64 * 1024, '\r\n-')
  for (let at = 0; at < 320; at++) scanner.push(piece)
  expect(performance.now() - started).toBeLessThan(2000)
  scanner.push(
    Buffer.from(
      `\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n${END}`,
    ),
  )
  scanner.end()
  expect(scanner.found?.value).toBe('m')
})
