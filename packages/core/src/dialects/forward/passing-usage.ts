import { GatewayError } from '../../errors.ts'
import { asObjects, asObject, parseJson, parseObject } from '../wire/json.ts'
import type { ReasoningSeen } from '../model/stream.ts'
import { OutputTally } from '../tokens/output-tally.ts'
import { parseFrames, SseSplitter } from '../wire/sse.ts'
import { UsageTally } from '../wire/usage-fields.ts'
import type { Usage } from '../model/usage.ts'

/**
 * Finds the usage in a passing answer and never blocks it: an answer that cannot be read has no
 * usage.
 */
export interface PassingUsage {
  readonly usage: Usage | undefined
  /** Tokens of output so far: of what events show, of bytes where they cannot be read. */
  readonly outputEstimate: number
  readonly reasoningSeen?: ReasoningSeen
  push(chunk: Uint8Array): void
  end(): void
}

export interface ObserverOptions {
  /** Larger events and documents pass without being read. */
  readonly maxBytes: number
  /** Output is counted against limits. */
  readonly isMetered: boolean
}

/**
 * Bytes of text per token, roughly, where only the number of bytes is known.
 */
export const BYTES_PER_TOKEN = 4

/**
 * The observer for answers of this content type; `undefined` where nothing can be found, and
 * nothing is counted.
 */
export function observerFor(
  contentType: string,
  options: ObserverOptions,
): PassingUsage | undefined {
  if (contentType.startsWith('text/event-stream')) return new EventUsage(options)
  if (/^application\/(?:[\w.+-]+\+)?json/.test(contentType)) return new JsonUsage(options.maxBytes)
  return options.isMetered ? new ByteCount() : undefined
}

class ByteCount implements PassingUsage {
  readonly usage = undefined
  #bytes = 0

  get outputEstimate(): number {
    return Math.ceil(this.#bytes / BYTES_PER_TOKEN)
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length
  }

  end(): void {}
}

const BLANK_LINE = Buffer.from('\n\n')

class EventUsage implements PassingUsage {
  readonly #tally = new UsageTally()
  readonly #shown: OutputTally | undefined
  /** Bytes that passed without being read. */
  #unread = 0
  #splitter: SseSplitter | undefined

  constructor({ maxBytes, isMetered }: ObserverOptions) {
    this.#splitter = new SseSplitter(maxBytes)
    this.#shown = isMetered ? new OutputTally() : undefined
  }

  get outputEstimate(): number {
    return (this.#shown?.tokens ?? 0) + Math.ceil(this.#unread / BYTES_PER_TOKEN)
  }

  get reasoningSeen(): ReasoningSeen {
    return this.#shown?.reasoningSeen
  }

  get usage(): Usage | undefined {
    return this.#tally.usage
  }

  push(chunk: Uint8Array): void {
    if (this.#splitter === undefined) this.#unread += chunk.length
    try {
      const block = this.#splitter?.push(chunk)
      if (block !== undefined) this.#read(block)
    } catch (error) {
      // An event too large to search still passes.
      if (!(error instanceof GatewayError)) throw error
      this.#splitter = undefined
      this.#unread += chunk.length
    }
  }

  end(): void {
    const rest = this.#splitter?.rest()
    if (rest !== undefined) this.#read(Buffer.concat([rest, BLANK_LINE]))
  }

  #read(block: Uint8Array): void {
    // Of `usageMetadata` this is the beginning.
    const mayHaveUsage = Buffer.from(block.buffer, block.byteOffset, block.byteLength).includes(
      '"usage',
    )
    if (!mayHaveUsage && this.#shown === undefined) return
    for (const { data } of parseFrames(block)) {
      this.#shown?.read(data)
      if (!mayHaveUsage) continue
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

  get outputEstimate(): number {
    return Math.ceil(this.#size / BYTES_PER_TOKEN)
  }

  push(chunk: Uint8Array): void {
    this.#size += chunk.length
    if (this.#size <= this.#maxBytes) this.#chunks.push(chunk)
    else this.#chunks = []
  }

  end(): void {
    const value =
      this.#size > this.#maxBytes
        ? undefined
        : parseJson(Buffer.concat(this.#chunks).toString('utf8'))?.value
    this.#chunks = []
    // Some services stream an array of answers, each with the counts so far.
    for (const body of Array.isArray(value) ? asObjects(value) : asObjects([asObject(value)]))
      this.#tally.add(body)
  }
}
