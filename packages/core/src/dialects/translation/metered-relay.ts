import { GatewayError } from '../../errors.ts'
import type { ReasoningSeen } from '../model/stream.ts'
import type { StreamRelay } from '../model/relay.ts'
import type { Finish } from '../model/finish.ts'
import { OutputTally } from '../tokens/output-tally.ts'
import type { FrameSplitter } from '../wire/sse.ts'
import type { Usage } from '../model/usage.ts'

/**
 * Measures the output of a relayed stream for limits; the relay decides which bytes pass.
 */
export class MeteredRelay implements StreamRelay {
  readonly #relay: StreamRelay
  readonly #shown = new OutputTally()
  #splitter: FrameSplitter | undefined

  constructor(relay: StreamRelay, splitter: FrameSplitter) {
    this.#relay = relay
    this.#splitter = splitter
  }

  get events(): number {
    return this.#relay.events
  }

  get hasContent(): boolean {
    return this.#relay.hasContent !== false
  }

  get endGraceMs(): number | undefined {
    return this.#relay.endGraceMs
  }

  get error(): GatewayError | undefined {
    return this.#relay.error
  }

  get usage(): Usage | undefined {
    return this.#relay.usage
  }

  get finishes(): readonly Finish[] {
    return this.#relay.finishes
  }

  get complete(): boolean {
    return this.#relay.complete
  }

  get outputEstimate(): number {
    return this.#shown.tokens
  }

  get reasoningSeen(): ReasoningSeen {
    return this.#shown.reasoningSeen
  }

  push(chunk: Uint8Array): Uint8Array | string | undefined {
    this.#measure(chunk)
    return this.#relay.push(chunk)
  }

  flush(): Uint8Array | string | undefined {
    return this.#relay.flush()
  }

  end(): string {
    return this.#relay.end()
  }

  fail(error: GatewayError): string | undefined {
    return this.#relay.fail(error)
  }

  #measure(chunk: Uint8Array): void {
    try {
      for (const { data } of this.#splitter?.push(chunk) ?? []) this.#shown.read(data)
    } catch (error) {
      // The relay reads the same event and reports its error.
      if (!(error instanceof GatewayError)) throw error
      this.#splitter = undefined
    }
  }
}
