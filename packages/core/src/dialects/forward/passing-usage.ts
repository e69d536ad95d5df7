import { GatewayError } from '../../errors.ts'
import { objectsOf, objectOf, parseJson, parseObject } from '../json.ts'
import { parseFrames, SseSplitter } from '../sse.ts'
import { UsageTally } from '../usage-fields.ts'
import type { Usage } from '../usage.ts'

/** Finds the usage in an answer that passes, and never stands in its way: what cannot be read has none. */
export interface PassingUsage {
  readonly usage: Usage | undefined
  push(chunk: Uint8Array): void
  end(): void
}

/** The observer for answers of this content type; `undefined` where nothing can be found. */
export function observerFor(contentType: string, maxBytes: number): PassingUsage | undefined {
  if (contentType.startsWith('text/event-stream')) return new EventUsage(maxBytes)
  return /^application\/(?:[\w.+-]+\+)?json/.test(contentType) ? new JsonUsage(maxBytes) : undefined
}

const BLANK_LINE = Buffer.from('\n\n')

class EventUsage implements PassingUsage {
  readonly #tally = new UsageTally()
  #splitter: SseSplitter | undefined

  constructor(maxBytes: number) {
    this.#splitter = new SseSplitter(maxBytes)
  }

  get usage(): Usage | undefined {
    return this.#tally.usage
  }

  push(chunk: Uint8Array): void {
    try {
      const block = this.#splitter?.push(chunk)
      if (block !== undefined) this.#read(block)
    } catch (error) {
      // An event too large to be looked at passes all the same.
      if (!(error instanceof GatewayError)) throw error
      this.#splitter = undefined
    }
  }

  end(): void {
    const rest = this.#splitter?.rest()
    if (rest !== undefined) this.#read(Buffer.concat([rest, BLANK_LINE]))
  }

  #read(block: Uint8Array): void {
    // Of `usageMetadata` this is the beginning.
    if (!Buffer.from(block.buffer, block.byteOffset, block.byteLength).includes('"usage')) return
    for (const { data } of parseFrames(block)) {
      const body = parseObject(data)
      if (body !== undefined) this.#tally.add(body)
    }
  }
}

class JsonUsage implements PassingUsage {
  readonly #tally = new UsageTally()
  readonly #maxBytes: number
  #chunks: Uint8Array[] = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get usage(): Usage | undefined {
    return this.#tally.usage
  }

  push(chunk: Uint8Array): void {
    this.#size += chunk.length
    if (this.#size <= this.#maxBytes) this.#chunks.push(chunk)
    else this.#chunks = []
  }

  end(): void {
    const value = this.#size > this.#maxBytes ? undefined : parseJson(Buffer.concat(this.#chunks).toString('utf8'))?.value
    this.#chunks = []
    // Some stream a whole array of answers, of which each tells the counts so far.
    for (const body of Array.isArray(value) ? objectsOf(value) : objectsOf([objectOf(value)])) this.#tally.add(body)
  }
}
