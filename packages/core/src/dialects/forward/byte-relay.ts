import type { ReasoningSeen } from '../model/stream.ts'
import type { StreamRelay } from '../model/relay.ts'
import type { Usage } from '../model/usage.ts'
import type { PassingUsage } from './passing-usage.ts'

/**
 * Bytes that pass as they are: audio, files, a provider's own answers. They are whole when the
 * connection says so. No byte of ours may stand among them, so a break cuts the client's
 * connection.
 */
export class ByteRelay implements StreamRelay {
  events = 0
  complete = false
  readonly error = undefined
  readonly endGraceMs = undefined
  readonly finishes = []
  readonly #observer: PassingUsage | undefined

  /** @param observer reads the usage from the passing bytes */
  constructor(observer?: PassingUsage) {
    this.#observer = observer
  }

  get usage(): Usage | undefined {
    return this.#observer?.usage
  }

  get outputEstimate(): number {
    return this.#observer?.outputEstimate ?? 0
  }

  get reasoningSeen(): ReasoningSeen {
    return this.#observer?.reasoningSeen
  }

  push(chunk: Uint8Array): Uint8Array {
    this.events += 1
    this.#observer?.push(chunk)
    return chunk
  }

  /** An empty body is an answer too. */
  flush(): undefined {
    if (this.complete) return
    this.events += 1
    this.complete = true
    this.#observer?.end()
  }

  end(): string {
    return ''
  }

  fail(): undefined {}
}
