import type { Signature } from '../model/conversation.ts'
import { originOf } from '../model/issuer.ts'
import { parseJson, asStrings } from '../wire/json.ts'
import { DIALECT } from './names.ts'

/**
 * The `signature` of a thinking block and the `data` of a redacted one are what clients of this
 * dialect give back byte for byte, so they carry the proofs of every provider. This dialect's own
 * are base64, which has no full stop: they are never taken for one of ours.
 *
 * A proof that belongs to a tool call travels in a thinking block without text before the
 * `tool_use`. That is what the newest models of this dialect send themselves, so the official SDK
 * and Claude Code return it unharmed; the `id` of the call, the other unchanged value, would
 * grow by kilobytes in every log and every result.
 */
const MARK = 'postern.'

export interface CarriedSignature {
  /** Absent for unsigned thinking. */
  readonly signature?: Signature
  /** The tool call it belongs to, instead of the thinking it stands with. */
  readonly callId?: string
}

/**
 * `signature` or `data` for the client. Unsigned thinking gets a mark too: some clients drop
 * thinking without any.
 */
export function carrySignature(signature: Signature | undefined, callId?: string): string {
  if (signature?.origin === DIALECT && callId === undefined) return signature.value
  const content =
    signature === undefined
      ? []
      : [signature.origin, signature.value, ...(callId === undefined ? [] : [callId])]
  return MARK + Buffer.from(JSON.stringify(content)).toString('base64url')
}

/** Signature that a client sent back. */
export function readSignature(text: string): CarriedSignature {
  if (!isCarried(text)) return text === '' ? {} : { signature: { origin: DIALECT, value: text } }
  const [origin, value, callId] = asStrings(
    parseJson(Buffer.from(text.slice(MARK.length), 'base64url').toString())?.value,
  )
  if (origin === undefined || value === undefined) return {}
  return { signature: { origin, value }, ...(callId === undefined ? {} : { callId }) }
}

/** A proof of this issuer as a client carries it; `undefined` for one of another. */
export function ownProof(text: unknown, issuer: string | undefined): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined
  const { signature, callId } = readSignature(text)
  return callId === undefined && signature?.origin === originOf(DIALECT, issuer)
    ? signature.value
    : undefined
}

/** A provider's proof with its issuer, for the client to carry. */
export function markProof(value: string, issuer: string): string {
  return carrySignature({ origin: originOf(DIALECT, issuer), value })
}

/** Whether we have written it: the provider would refuse it. */
export function isCarried(text: unknown): boolean {
  return typeof text === 'string' && text.startsWith(MARK)
}

/** Stands where a citation has the provider's own proof of its source. */
export const UNPROVEN = MARK
