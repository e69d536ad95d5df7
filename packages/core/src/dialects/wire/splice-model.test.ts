import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spliceModel } from './splice-model.ts'

function spliced(
  text: string,
  change: { from?: string; to?: string; first?: { name: string; value: string } } = {},
): string | undefined {
  const bytes = spliceModel(Buffer.from(text), { from: 'm', to: 'physical', ...change })
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

const TOOL = '"tools":[{"input_schema":{"properties":{"model":{"enum":["model","m"]}}}}]'

describe('the model alone is replaced', () => {
  it.each([
    ['the only one', '{"model":"m","x":1.0}', '{"model":"physical","x":1.0}'],
    [
      'before a tool parameter of that name',
      `{"model":"m",${TOOL}}`,
      `{"model":"physical",${TOOL}}`,
    ],
    [
      'after one, with spaces',
      `{ ${TOOL} ,\n "model" : "m" }`,
      `{ ${TOOL} ,\n "model" : "physical" }`,
    ],
    [
      'beside the word as a value',
      '{"user":"model","model":"m","list":["model"]}',
      '{"user":"model","model":"physical","list":["model"]}',
    ],
    [
      'beside quotes, braces and backslashes in strings',
      '{"a":"}\\\\\\"{,","model":"m","b":"\\\\","c":"model"}',
      '{"a":"}\\\\\\"{,","model":"physical","b":"\\\\","c":"model"}',
    ],
    [
      'beside an escaped key deeper down',
      '{"a":{"mod\\u0065l":1},"model":"m"}',
      '{"a":{"mod\\u0065l":1},"model":"physical"}',
    ],
  ])('%s', (_which, text, expected) => {
    expect(spliced(text)).toBe(expected)
  })

  it('changes nothing where the model has the same name', () => {
    const bytes = Buffer.from(`{"model":"m",${TOOL}}`)
    expect(spliceModel(bytes, { from: 'm', to: 'm' })).toBe(bytes)
  })
})

it.each([
  ['the key twice', '{"model":"first","model":"m"}'],
  ['the key twice, once with escapes', '{"mod\\u0065l":"smuggled","model":"m"}'],
  ['an escaped key after it', '{"model":"m","mod\\u0065l":"smuggled"}'],
  ['a value spelled with escapes', '{"model":"\\u006d"}'],
  ['another value than expected', '{"model":"other"}'],
  ['no object', '[]'],
])('%s cannot be spliced', (_what, text) => {
  expect(spliced(text)).toBeUndefined()
})

describe('a member put first', () => {
  const first = { name: 'stream_options', value: '{"a":1}' }

  it('comes before all other members', () => {
    expect(spliced('{"x":1,"model":"m"}', { first })).toBe(
      '{"stream_options":{"a":1},"x":1,"model":"physical"}',
    )
    expect(spliced('{"x":{"stream_options":1},"model":"m"}', { first, to: 'm' })).toBe(
      '{"stream_options":{"a":1},"x":{"stream_options":1},"model":"m"}',
    )
  })

  it('is never duplicated', () => {
    expect(spliced('{"model":"m","stream_options":null}', { first })).toBeUndefined()
    expect(spliced('{"model":"m","str\\u0065am_options":null}', { first })).toBeUndefined()
  })
})

it('changes only the model, for any other content', () => {
  const key = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom('model', '"model":', '\\', '__proto__'),
  )
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.dictionary(key, fc.constantFrom('model', '"', '\\"', 'm')),
    fc.constantFrom('model', '{"model":"m"}', '\\'),
  )
  fc.assert(
    fc.property(
      fc.dictionary(key, value, { maxKeys: 5 }),
      fc.constantFrom(undefined, 1, '\t'),
      fc.boolean(),
      (members, space, isFirst) => {
        const { model: _model, ...rest } = members
        const text = JSON.stringify(
          isFirst ? { model: 'm', ...rest } : { ...rest, model: 'm' },
          undefined,
          space,
        )
        const result = spliced(text)
        // Only a key that needs escapes of its own keeps a request from being spliced.
        if (result === undefined)
          expect(Object.keys(rest).some((name) => JSON.stringify(name).includes('\\'))).toBe(true)
        else {
          expect(JSON.parse(result)).toEqual({ ...(JSON.parse(text) as object), model: 'physical' })
          expect(result.length - text.length).toBe('physical'.length - 'm'.length)
        }
      },
    ),
    { numRuns: 500 },
  )
})
