import type { GatewayError } from '../../errors.ts'
import type { ReasoningSeen } from '../model/stream.ts'
import type { StreamRelay } from '../model/relay.ts'
import type { Finish } from '../model/finish.ts'
import type { TranslatedStream } from './translated-stream.ts'
import type { Usage } from '../model/usage.ts'

/**
 * Relays the bytes of a stream and parses them in parallel, so that the gateway knows the output so
 * far and what to close when it ends the answer itself.
 */
export class CuttableRelay implements StreamRelay {
  readonly #relay: StreamRelay
  readonly #shadow: TranslatedStream
  #isCut = false

  /** @param shadow reads the same stream; its output is not sent */
  constructor(relay: StreamRelay, shadow: TranslatedStream) {
    this.#relay = relay
    this.#shadow = shadow
  }

  get events(): number {
    return this.#relay.events
  }

  get error(): GatewayError | undefined {
    return this.#relay.error
  }

  get usage(): Usage | undefined {
    return this.#relay.usage
  }

  get finishes(): readonly Finish[] {
    return this.#isCut ? this.#shadow.finishes : this.#relay.finishes
  }

  get complete(): boolean {
    return this.#relay.complete
  }

  get hasContent(): boolean {
    return this.#relay.hasContent !== false
  }

  get endGraceMs(): number | undefined {
    return this.#relay.endGraceMs
  }

  get outputEstimate(): number {
    return this.#shadow.outputEstimate
  }

  get reasoningSeen(): ReasoningSeen {
    return this.#shadow.reasoningSeen
  }

  push(chunk: Uint8Array): Uint8Array | string | undefined {
    this.#shadow.push(chunk)
    return this.#relay.push(chunk)
  }

  flush(): Uint8Array | string | undefined {
    return this.#relay.flush()
  }

  end(): string {
    return this.#relay.end()
  }

  cut(inputTokens: number): string | undefined {
    const tail = this.#shadow.cut(inputTokens)
    if (tail !== undefined) this.#isCut = true
    return tail
  }

  fail(error: GatewayError): string | undefined {
    return this.#relay.fail(error)
  }
}
