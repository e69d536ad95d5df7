import * as zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { NotDecodable, StreamDecoder } from './content-coding.ts'

const encoders: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
  ['gzip', zlib.gzipSync],
  ['x-gzip', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['deflate', zlib.deflateRawSync],
  ['br', zlib.brotliCompressSync],
  ['zstd', zlib.zstdCompressSync],
]
const LIMIT = 1_000_000
const plain = Buffer.from('one two three '.repeat(10))

/** Result of decoding: the text, or the error. */
async function outcome(coding: string, pieces: readonly Buffer[]): Promise<string> {
  const decoder = new StreamDecoder([coding], LIMIT)
  try {
    const seen: Uint8Array[] = []
    for (const piece of pieces) seen.push(await decoder.push(piece))
    seen.push(await decoder.end())
    return Buffer.concat(seen).toString()
  } catch (error) {
    if (!(error instanceof NotDecodable)) throw error
    return 'not decodable'
  } finally {
    decoder.close()
  }
}

describe.each(encoders)('a stream in %s', (coding, encode) => {
  const coded = encode(plain)

  it('is decoded in pieces of any size', async () => {
    for (const size of [1, 3, coded.length]) {
      const pieces = Array.from({ length: Math.ceil(coded.length / size) }, (_, at) =>
        coded.subarray(at * size, (at + 1) * size),
      )
      expect(await outcome(coding, pieces)).toBe(plain.toString())
    }
  })

  it.each([
    ['a line end', Buffer.from('\r\n')],
    ['words', Buffer.from('more')],
    ['zeros', Buffer.alloc(9)],
    ['another body', coded],
  ])('that has %s behind its end still ends', async (_what, more) => {
    const texts = ['not decodable', plain.toString(), plain.toString().repeat(2)]
    expect(texts).toContain(await outcome(coding, [Buffer.concat([coded, more])]))
    expect(texts).toContain(await outcome(coding, [coded, more]))
    expect(texts).toContain(
      await outcome(
        coding,
        [...coded, ...more].map((byte) => Buffer.of(byte)),
      ),
    )
  })

  it('that is closed while it is decoded rejects, and so does what comes later', async () => {
    const decoder = new StreamDecoder([coding], LIMIT)
    const pending = decoder.push(coded)
    decoder.close()
    await expect(pending).rejects.toThrow(NotDecodable)
    await expect(decoder.push(coded)).rejects.toThrow(NotDecodable)
    await expect(decoder.end()).rejects.toThrow(NotDecodable)
  })
})
