import { promisify } from 'node:util'
import * as zlib from 'node:zlib'

/**
 * `accept-encoding` of our calls: answers are not compressed unless the provider insists, and then
 * in a coding we decode.
 */
export const ACCEPT_ENCODING = 'identity, gzip;q=0.5, br;q=0.5, zstd;q=0.5, deflate;q=0.5'

interface Coding {
  readonly open: () => zlib.Gunzip | zlib.Inflate | zlib.BrotliDecompress | zlib.ZstdDecompress
  readonly decode: (
    bytes: Uint8Array,
    options: { readonly maxOutputLength: number },
  ) => Promise<Uint8Array>
}

const gzip: Coding = { open: () => zlib.createGunzip(), decode: promisify(zlib.gunzip) }
const deflate: Coding = {
  open: () => zlib.createInflate(),
  // Some send the bare data where RFC 9110 wants them in zlib's format, whose first byte says its
  // method, 8.
  decode: (bytes, options) =>
    ((bytes[0] ?? 0) % 16 === 8 ? promisify(zlib.inflate) : promisify(zlib.inflateRaw))(
      bytes,
      options,
    ),
}
const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', { open: () => zlib.createBrotliDecompress(), decode: promisify(zlib.brotliDecompress) }],
  // Not there in every runtime that can load this file, and the start has to say so itself.
  ...(typeof zlib.zstdDecompress === 'function'
    ? [
        [
          'zstd',
          { open: () => zlib.createZstdDecompress(), decode: promisify(zlib.zstdDecompress) },
        ] as const,
      ]
    : []),
])

/** Each further coding multiplies what few bytes can become. */
const MAX_CODINGS = 3

/**
 * The codings in a `content-encoding` header, in the order in which they were applied: empty where
 * there are none, `undefined` where there are unknown ones, or more than three.
 */
export function codingsIn(
  header: string | readonly string[] | undefined,
): readonly string[] | undefined {
  if (header === undefined || header === 'identity') return NONE
  const names = String(header)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
  return names.length <= MAX_CODINGS && names.every((name) => CODINGS.has(name)) ? names : undefined
}

const NONE: readonly string[] = []

/** Thrown for decoded bytes beyond the limit: a few kilobytes can become gigabytes. */
export class DecodedTooLarge extends Error {}
/** Thrown for bytes that are not of the coding they are labelled with, or break off. */
export class NotDecodable extends Error {}

/** The decoded bytes, at most `limit`. Throws `DecodedTooLarge` and `NotDecodable`. */
export async function decodeWhole(
  bytes: Uint8Array,
  codings: readonly string[],
  limit: number,
): Promise<Uint8Array> {
  let decoded = bytes
  for (const name of codings.toReversed()) {
    if (decoded.length === 0) return decoded
    try {
      decoded = (await CODINGS.get(name)?.decode(decoded, { maxOutputLength: limit })) ?? decoded
    } catch (cause) {
      if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE')
        throw new DecodedTooLarge('too large', { cause })
      throw new NotDecodable(`not ${name}`, { cause })
    }
  }
  return decoded
}

/**
 * Decodes a body as it comes: the decoded part of a chunk is there when its `push` resolves. One
 * push at a time.
 */
export class StreamDecoder {
  readonly #stages: readonly Stage[]

  /** @param limit most bytes that one chunk may become */
  constructor(codings: readonly string[], limit: number) {
    this.#stages = codings.toReversed().map((name) => new Stage(name, limit))
  }

  /** Throws `DecodedTooLarge` and `NotDecodable`. */
  async push(chunk: Uint8Array): Promise<Uint8Array> {
    let bytes = chunk
    for (const stage of this.#stages) if (bytes.length > 0) bytes = await stage.push(bytes)
    return bytes
  }

  /** Throws `NotDecodable` where the body broke off. */
  async end(): Promise<Uint8Array> {
    let bytes: Uint8Array = new Uint8Array()
    for (const stage of this.#stages) {
      const before = bytes.length > 0 ? await stage.push(bytes) : bytes
      bytes = Buffer.concat([before, await stage.end()])
    }
    return bytes
  }

  close(): void {
    for (const stage of this.#stages) stage.close()
  }
}

class Stage {
  readonly #name: string
  readonly #limit: number
  #stream: ReturnType<Coding['open']> | undefined
  #chunks: Uint8Array[] = []
  #size = 0
  #settle: { resolve(): void; reject(error: Error): void } | undefined
  #error: Error | undefined
  /** The coding has told its own end. */
  #isOver = false

  constructor(name: string, limit: number) {
    this.#name = name
    this.#limit = limit
  }

  async push(bytes: Uint8Array): Promise<Uint8Array> {
    // A decoder that has ended takes no more, and calls nothing back.
    if (this.#isOver) throw new NotDecodable(`more than ${this.#name}`)
    const stream = (this.#stream ??= this.#open(bytes))
    return this.#wait((done) => void stream.write(bytes, () => done()))
  }

  /** A body without a byte has nothing to end. */
  async end(): Promise<Uint8Array> {
    const stream = this.#stream
    if (stream === undefined) return new Uint8Array()
    return this.#wait((done) => (this.#isOver ? done() : void stream.end()))
  }

  /** Rejects what is being waited for. */
  close(): void {
    this.#fail(new NotDecodable('closed'))
  }

  #open(first: Uint8Array): ReturnType<Coding['open']> {
    const isBare = this.#name === 'deflate' && (first[0] ?? 0) % 16 !== 8
    const stream = isBare ? zlib.createInflateRaw() : CODINGS.get(this.#name)?.open()
    if (stream === undefined) throw new TypeError(`There is no coding ${this.#name}.`)
    stream.on('data', (chunk: Uint8Array) => {
      this.#chunks.push(chunk)
      this.#size += chunk.length
      if (this.#size > this.#limit) this.#fail(new DecodedTooLarge('too large'))
    })
    stream.on('error', (cause) => this.#fail(new NotDecodable(`not ${this.#name}`, { cause })))
    stream.on('end', () => {
      this.#isOver = true
      this.#settle?.resolve()
    })
    return stream
  }

  #fail(error: Error): void {
    this.#error ??= error
    this.#settle?.reject(this.#error)
    this.#stream?.destroy()
  }

  async #wait(act: (done: () => void) => void): Promise<Uint8Array> {
    if (this.#error !== undefined) throw this.#error
    await new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject }
      act(resolve)
    })
    if (this.#error !== undefined) throw this.#error
    const bytes = Buffer.concat(this.#chunks, this.#size)
    this.#chunks = []
    this.#size = 0
    return bytes
  }
}
