import { GatewayError } from '../errors.ts'
import { codingsIn, DecodedTooLarge, decodeWhole, StreamDecoder } from '../http/index.ts'
import type { ResponseHead, UpstreamCall } from './transport.ts'

/**
 * The call with its body decoded, or as it is where it is not compressed. `limit` bounds what a
 * single piece of a stream may become. Throws `upstream_invalid` for a coding we do not know, and a
 * body that is not of its coding.
 */
export function decodedCall(
  call: UpstreamCall,
  { headers }: ResponseHead,
  limit: number,
): UpstreamCall {
  const encoding = headers['content-encoding']
  const codings = codingsIn(encoding)
  if (codings === undefined)
    throw new GatewayError(
      'upstream_invalid',
      `The provider answered with the content-encoding ${JSON.stringify(String(encoding).slice(0, 40))}, which it was not told to use.`,
    )
  return codings.length === 0 ? call : new DecodedCall(call, codings, limit)
}

class DecodedCall implements UpstreamCall {
  readonly #call: UpstreamCall
  readonly #codings: readonly string[]
  readonly #limit: number
  readonly #decoder: StreamDecoder
  #isOver = false
  #aborted: GatewayError | undefined

  constructor(call: UpstreamCall, codings: readonly string[], limit: number) {
    this.#call = call
    this.#codings = codings
    this.#limit = limit
    this.#decoder = new StreamDecoder(codings, limit)
  }

  get response(): Promise<ResponseHead> {
    return this.#call.response
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#isOver) return undefined
    for (;;) {
      const chunk = await this.#call.read()
      if (chunk !== undefined && chunk.length === 0) return chunk
      const bytes = await (
        chunk === undefined ? this.#decoder.end() : this.#decoder.push(chunk)
      ).catch((error: unknown) => {
        throw this.#aborted ?? failure(error, this.#limit)
      })
      this.#isOver = chunk === undefined
      if (bytes.length > 0) return bytes
      if (this.#isOver) return undefined
    }
  }

  /** Unread bytes cannot be decoded at once. */
  unread(): undefined {
    return undefined
  }

  nudge(): void {
    this.#call.nudge()
  }

  async collect(limit: number): Promise<Uint8Array> {
    const bytes = await this.#call.collect(limit)
    return decodeWhole(bytes, this.#codings, limit).catch((error: unknown) => {
      throw failure(error, limit)
    })
  }

  abort(reason: GatewayError): void {
    this.#aborted ??= reason
    this.#decoder.close()
    this.#call.abort(reason)
  }
}

function failure(error: unknown, limit: number): GatewayError {
  if (error instanceof DecodedTooLarge)
    return new GatewayError(
      'answer_too_large',
      `The provider's answer is larger than the limit of ${limit} bytes when it is decompressed (option answerLimit, POSTERN_ANSWER_LIMIT).`,
    )
  return new GatewayError(
    'upstream_invalid',
    'The provider\u2019s answer is not what its content-encoding says, or it breaks off.',
    { cause: error },
  )
}
