import type { GatewayError } from '../../errors.ts'
import type { Observation, ReasoningSeen } from '../model/stream.ts'
import type { StreamRelay } from '../model/relay.ts'
import type { Finish } from '../model/finish.ts'
import { parseFrames, type SseFrame } from '../wire/sse.ts'
import type { Usage } from '../model/usage.ts'

/** Puts the issuer on the proofs of one stream. */
export interface Marker {
  /** Whether this text may hold a proof, or the end of one. Other text passes unparsed. */
  concerns(block: Buffer): boolean
  /** Replacement of the event, as text; `undefined` when it stays as it is. */
  take(frame: SseFrame): string | undefined
}

/** A relayed stream whose proofs leave with the name of their issuer. */
export class MarkedRelay implements StreamRelay {
  readonly cut?: (inputTokens: number) => string | undefined
  readonly #relay: StreamRelay
  readonly #marker: Marker

  constructor(relay: StreamRelay, marker: Marker) {
    this.#relay = relay
    this.#marker = marker
    if (relay.cut !== undefined) this.cut = (inputTokens) => relay.cut?.(inputTokens)
  }

  get events(): number {
    return this.#relay.events
  }

  get hasContent(): boolean {
    return this.#relay.hasContent ?? this.#relay.events > 0
  }

  get error(): GatewayError | undefined {
    return this.#relay.error
  }

  get complete(): boolean {
    return this.#relay.complete
  }

  get endGraceMs(): number | undefined {
    return this.#relay.endGraceMs
  }

  get usage(): Usage | undefined {
    return this.#relay.usage
  }

  get finishes(): readonly Finish[] {
    return this.#relay.finishes
  }

  get outputEstimate(): number {
    return this.#relay.outputEstimate ?? this.#relay.events
  }

  get reasoningSeen(): ReasoningSeen {
    return this.#relay.reasoningSeen
  }

  get said(): string | undefined {
    return this.#relay.said
  }

  get ownShare(): Observation | undefined {
    return this.#relay.ownShare
  }

  push(chunk: Uint8Array): Uint8Array | string | undefined {
    return this.#marked(this.#relay.push(chunk))
  }

  flush(): Uint8Array | string | undefined {
    return this.#marked(this.#relay.flush())
  }

  end(): string {
    return this.#relay.end()
  }

  fail(error: GatewayError): string | undefined {
    return this.#relay.fail(error)
  }

  #marked(output: Uint8Array | string | undefined): Uint8Array | string | undefined {
    if (output === undefined) return undefined
    const block =
      typeof output === 'string'
        ? Buffer.from(output)
        : Buffer.from(output.buffer, output.byteOffset, output.byteLength)
    if (!this.#marker.concerns(block)) return output
    return parseFrames(block)
      .map((frame) => this.#marker.take(frame) ?? textOfFrame(frame))
      .join('')
  }
}

function textOfFrame({ event, data }: SseFrame): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`
}
