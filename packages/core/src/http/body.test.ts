import { describe, expect, it } from 'vitest'
import { GatewayError } from '../errors.ts'
import { readJsonBody, readUpload } from './body.ts'
import { requestOf, textOf } from './form.fake.ts'
import type { GatewayRequest } from './request.ts'

const LIMIT = 100

function requestWith(
  body: string | Uint8Array,
  parsed?: { readonly value: unknown },
): GatewayRequest {
  return {
    method: 'POST',
    path: '/',
    search: '',
    header: () => undefined,
    headerNames: () => [],
    stream: () => {
      throw new Error('a JSON body is read whole')
    },
    signal: new AbortController().signal,
    ...(parsed === undefined ? {} : { parsedBody: parsed.value }),
    bytes: () =>
      parsed === undefined
        ? Promise.resolve(Buffer.from(body))
        : Promise.reject(new Error('the body was read already')),
  }
}

const read = (body: string | Uint8Array) => readJsonBody(requestWith(body), LIMIT)
const readParsed = (value: unknown) => readJsonBody(requestWith('', { value }), LIMIT)

async function refusal(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.catch((thrown: unknown) => thrown)
  if (error instanceof GatewayError) return error
  throw new Error('it was accepted', { cause: error })
}

describe('bytes', () => {
  it('gives the value and the very bytes it came from', async () => {
    const bytes = Buffer.from('{ "a": "\u00e9\u{1f600}" }')
    const incoming = { ...requestWith(''), bytes: () => Promise.resolve(bytes) }
    const body = await readJsonBody(incoming, LIMIT)
    expect(body.value).toEqual({ a: '\u00e9\u{1f600}' })
    expect(body.bytes).toBe(bytes)
  })

  it('takes a byte order mark', async () => {
    expect((await read('\ufeff{"a":1}')).value).toEqual({ a: 1 })
  })

  it('passes the limit to the reader, and checks it itself', async () => {
    let asked = 0
    const incoming = {
      ...requestWith(''),
      bytes: (limit: number) => {
        asked = limit
        return Promise.resolve(Buffer.alloc(limit + 1, ' '))
      },
    }
    expect(await refusal(readJsonBody(incoming, LIMIT))).toMatchObject({
      code: 'body_too_large',
      status: 413,
    })
    expect(asked).toBe(LIMIT)
  })

  it.each([
    ['', 'The request body is empty; expected a JSON object.'],
    ['{"a":1,}', 'unexpected character "}" at position 7 (line 1, column 8)'],
    ['{"a":1', 'unexpected end of input at position 6 (line 1, column 7)'],
    ['{\n  "a": 1,\n  b\n}', 'unexpected character "b" at position 14 (line 3, column 3)'],
    ['{"a":1}\nx', 'unexpected character "x" at position 8 (line 2, column 1)'],
  ])('says where %j is no JSON', async (text, message) => {
    const error = await refusal(read(text))
    expect(error).toMatchObject({ code: 'invalid_json', status: 400 })
    expect(error.message).toContain(message)
  })

  it('repeats at most one character of a body that is no JSON', async () => {
    expect((await refusal(read('{"prompt": canary'))).message).not.toContain('canary')
  })

  it.each([
    ['null', 'null'],
    ['[1]', 'an array'],
    ['"text"', 'a string'],
    ['5', 'a number'],
    ['true', 'a boolean'],
  ])('wants an object, not %s', async (text, what) => {
    expect(await refusal(read(text))).toMatchObject({
      code: 'invalid_request',
      message: `The request body must be a JSON object, not ${what}.`,
    })
  })

  it('changes no prototype', async () => {
    const { value } = await read(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    )
    expect(Object.hasOwn(value, '__proto__')).toBe(true)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('lets the reader\u2019s refusal through', async () => {
    const own = new GatewayError('client_closed', 'gone')
    expect(
      await refusal(readJsonBody({ ...requestWith(''), bytes: () => Promise.reject(own) }, LIMIT)),
    ).toBe(own)
  })
})

describe('what the host\u2019s parser left (K1)', () => {
  it('is used as it is: the same object, no bytes, whatever its size', async () => {
    const value = { a: 'x'.repeat(LIMIT) }
    const body = await readParsed(value)
    expect(body.value).toBe(value)
    expect(body.bytes).toBeUndefined()
  })

  it('may be text or bytes', async () => {
    expect(await readParsed('{"a":1}')).toMatchObject({
      value: { a: 1 },
      bytes: Buffer.from('{"a":1}'),
    })
    const bytes = new TextEncoder().encode('{"a":1}')
    expect((await readParsed(bytes)).bytes).toBe(bytes)
  })

  it.each(['x'.repeat(LIMIT + 1), Buffer.alloc(LIMIT + 1)])(
    'is held to the limit as text and as bytes',
    async (value) => {
      expect((await refusal(readParsed(value))).code).toBe('body_too_large')
    },
  )

  it.each([[null], [[1]], [5], [true]])('is refused when it is %j', async (value) => {
    expect((await refusal(readParsed(value))).code).toBe('invalid_request')
  })
})

describe('a body to pass on', () => {
  const upload = (pieces: readonly string[], limit = 1e7) =>
    readUpload(requestOf(pieces).request, limit)

  it('is whole while it is small, and none when there is none', async () => {
    expect(await upload(['one ', 'two'])).toEqual(Buffer.from('one two'))
    expect(await upload([])).toBeUndefined()
  })

  it('streams when it is large: no more is read than is kept, and leaving it ends it', async () => {
    const pieces = Array.from({ length: 40 }, () => 'x'.repeat(64 * 1024))
    const { request, asked } = requestOf(pieces)
    const body = await readUpload(request, 1e7)
    expect([asked.pieces <= 17, body instanceof Uint8Array]).toEqual([true, false])
    expect((await textOf(body)).length).toBe(40 * 64 * 1024)
    const left = requestOf(pieces)
    for await (const piece of (await readUpload(left.request, 1e7)) as AsyncIterable<Uint8Array>) {
      expect(piece.length).toBeGreaterThan(0)
      break
    }
    expect(left.asked.ended).toBe(true)
  })

  it('is held to the limit', async () => {
    expect((await refusal(upload(['x'.repeat(60), 'x'.repeat(60)], 100))).code).toBe(
      'body_too_large',
    )
    expect(
      (await refusal(readUpload(requestWith('', { value: 'x'.repeat(101) }), LIMIT))).code,
    ).toBe('body_too_large')
  })

  it('is written out again when the host\u2019s parser has read it (K1)', async () => {
    for (const value of [{ a: [1] }, '{"a":[1]}', Buffer.from('{"a":[1]}')])
      expect(String(await readUpload(requestWith('', { value }), LIMIT))).toBe('{"a":[1]}')
  })
})
