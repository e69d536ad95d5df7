import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WholeJson } from './whole-json.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** After each of the parts. */
function verdicts(parts: readonly string[]): boolean[] {
  const whole = new WholeJson()
  let text = ''
  return parts.map((part) => {
    whole.add(part)
    text += part
    return whole.isWhole(text)
  })
}

const piece = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\\"',
  ',',
  ':',
  ' ',
  '\n',
  '1',
  '-',
  'true',
  'null',
  '"a"',
  '"a":',
  '{}',
  '[]',
  '\u00a0',
  'x',
)
/** Values as text and noise, cut anywhere. */
const texts = fc
  .oneof(
    fc.json(),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc.tuple(fc.json(), piece).map((pair) => pair.join('')),
  )
  .filter((text) => text.length <= 64 || !/^[\s\d.eE+-]*$/.test(text))
const cut = texts.chain((text) =>
  fc
    .array(fc.nat(text.length), { maxLength: 6 })
    .map((places) =>
      [0, ...places.sort((one, other) => one - other), text.length]
        .slice(1)
        .map((end, at, ends) => text.slice(ends[at - 1] ?? 0, end)),
    ),
)

describe('a value in parts', () => {
  it('is whole exactly where the parser takes all parts so far', () => {
    fc.assert(
      fc.property(cut, (parts) => {
        let text = ''
        expect(verdicts(parts)).toEqual(parts.map((part) => isJson((text += part))))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is parsed at most once, however often it is read', () => {
    const parse = vi.spyOn(JSON, 'parse')
    const parts = [
      '{"a":"',
      ...Array.from({ length: 10_000 }, () => '}]"x\\"'.slice(3)),
      '"}',
      ...Array.from({ length: 10_000 }, () => ' '),
      ...Array.from({ length: 10_000 }, () => '{}'),
    ]
    expect(verdicts(parts).filter(Boolean)).toHaveLength(10_001)
    expect(parse).toHaveBeenCalledTimes(1)
  })

  it('that was never asked for is not looked at', () => {
    const look = vi.spyOn(String.prototype, 'charCodeAt')
    new WholeJson().add('{"a":1}')
    expect(look).not.toHaveBeenCalled()
  })
})
