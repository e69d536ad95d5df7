import {
  codingsIn,
  decodeWhole,
  DecodedTooLarge,
  NotDecodable,
  StreamDecoder,
} from './content-coding.ts'
import { GatewayError } from '../errors.ts'
import { bodyTooLarge } from './body.ts'

/**
 * The body without the codings of its `content-encoding`, which are known to be ours; at most
 * `limit` bytes.
 */
export async function decodedBody(
  bytes: Uint8Array,
  encoding: string,
  limit: number,
): Promise<Uint8Array> {
  return decodeWhole(bytes, codingsIn(encoding) ?? [], limit).catch((error: unknown) => {
    throw refusal(error, encoding, limit)
  })
}

/** The same of a body as it comes. */
export function decodedChunks(
  chunks: AsyncGenerator<Uint8Array, undefined>,
  encoding: string | undefined,
  limit: number,
): AsyncGenerator<Uint8Array, undefined> {
  const codings = codingsIn(encoding)
  // Unknown ones are refused by the chunks themselves.
  return encoding === undefined || codings === undefined || codings.length === 0
    ? chunks
    : decoding(chunks, { encoding, codings, limit })
}

interface Coded {
  readonly encoding: string
  readonly codings: readonly string[]
  readonly limit: number
}

async function* decoding(
  chunks: AsyncGenerator<Uint8Array, undefined>,
  { encoding, codings, limit }: Coded,
): AsyncGenerator<Uint8Array, undefined> {
  const decoder = new StreamDecoder(codings, limit)
  let size = 0
  const checked = async (bytes: Promise<Uint8Array>): Promise<Uint8Array> => {
    const decoded = await bytes.catch((error: unknown) => {
      throw refusal(error, encoding, limit)
    })
    size += decoded.length
    if (size > limit) throw bodyTooLarge(limit)
    return decoded
  }
  try {
    for await (const chunk of chunks) {
      const bytes = await checked(decoder.push(chunk))
      if (bytes.length > 0) yield bytes
    }
    const last = await checked(decoder.end())
    if (last.length > 0) yield last
  } finally {
    decoder.close()
  }
}

function refusal(error: unknown, encoding: string, limit: number): unknown {
  if (error instanceof DecodedTooLarge) return bodyTooLarge(limit)
  if (!(error instanceof NotDecodable)) return error
  return new GatewayError(
    'invalid_request',
    `The request body is not what its content-encoding ${JSON.stringify(encoding.slice(0, 80))} says, or it breaks off.`,
    { cause: error },
  )
}
