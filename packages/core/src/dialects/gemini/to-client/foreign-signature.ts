import type { Signature } from '../../model/conversation.ts'
import { parseJson, asStrings } from '../../wire/json.ts'
import { ORIGIN } from '../to-provider/tool-history.ts'

export interface DecodedSignature {
  readonly signature: Signature
  /** The signature is the whole of a hidden thought. */
  readonly redacted: boolean
}

/**
 * Prefix of another provider's proof in a `thoughtSignature`. The API has bytes there: its client
 * libraries decode the base64 and encode it again, some in the other alphabet. So the whole is
 * base64, and the mark is nine bytes, which are twelve characters that both alphabets share.
 */
const MARK = 'postern:1'
const ENCODED_MARK = Buffer.from(MARK).toString('base64')
const REDACTED = 'redacted'

/**
 * A signature as a `thoughtSignature`: our own dialect's as it is, another one in a wrapping that
 * survives the client.
 */
export function encodeSignature(signature: Signature, redacted = false): string {
  const { origin, value } = signature
  if (origin === ORIGIN) return value
  return Buffer.from(
    MARK + JSON.stringify(redacted ? [origin, value, REDACTED] : [origin, value]),
  ).toString('base64')
}

/** The signature a client sent back; what is not in our wrapping is the provider's own. */
export function decodeSignature(text: string): DecodedSignature {
  const foreign = isForeignSignature(text) ? unwrap(text) : undefined
  return foreign ?? { signature: { origin: ORIGIN, value: text }, redacted: false }
}

/** Whether another provider issued it: this one would refuse it. */
export function isForeignSignature(text: unknown): boolean {
  return typeof text === 'string' && text.startsWith(ENCODED_MARK)
}

function unwrap(text: string): DecodedSignature | undefined {
  const [origin, value, kind] = asStrings(
    parseJson(Buffer.from(text, 'base64').toString().slice(MARK.length))?.value,
  )
  return origin === undefined || value === undefined
    ? undefined
    : { signature: { origin, value }, redacted: kind === REDACTED }
}
