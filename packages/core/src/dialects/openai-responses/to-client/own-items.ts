import type { Signature } from '../../model/conversation.ts'
import { originOf } from '../../model/issuer.ts'
import { parseObject, asText } from '../../wire/json.ts'
import { decodeSignature, DIALECT, type ReasoningProof } from '../names.ts'

/**
 * Values in items that clients get from us and send back unchanged: ids that mark them as ours, and
 * the proofs of providers that speak other dialects. Those travel in `encrypted_content` of a
 * reasoning item, the one field that every client without a store keeps byte for byte; ids do not
 * survive in all of them.
 */

const ID_MARK = 'postern'
const OWN_ID = /^[a-z]+_postern_/

/** The id of an answer. The same request always has the same. */
export function responseId(requestId: string): string {
  return `resp_${ID_MARK}_${bare(requestId)}`
}

export type ItemPrefix = 'msg' | 'rs' | 'fc' | 'ctc' | 'ig'

/** The id of the output item at `index`. */
export function itemId(prefix: ItemPrefix, requestId: string, index: number): string {
  return `${prefix}_${ID_MARK}_${bare(requestId)}_${index}`
}

function bare(requestId: string): string {
  return requestId.replace(/^req_/, '')
}

/** Whether an answer or an item with this id was made here: no provider has ever stored it. */
export function isOwnId(id: unknown): boolean {
  return typeof id === 'string' && OWN_ID.test(id)
}

/**
 * A proof of another dialect, and what it proves: the reasoning it stands beside, or a tool call.
 */
export interface CarriedProof {
  readonly signature: Signature
  /** The proof is all there is of the reasoning. */
  readonly redacted?: boolean | undefined
  /** The tool call it signs; reasoning otherwise. */
  readonly callId?: string | undefined
}

const PROOF_PREFIX = 'postern.'

/** A proof as `encrypted_content`. `decodeProof` gives back exactly what came in. */
export function encodeProof({ signature, redacted, callId }: CarriedProof): string {
  const { origin, value } = signature
  const payload = JSON.stringify({
    origin,
    value,
    redacted: redacted === true ? true : undefined,
    call_id: callId,
  })
  return PROOF_PREFIX + Buffer.from(payload).toString('base64url')
}

/** `undefined` for what we have not written, and for what was damaged on its way. */
export function decodeProof(encryptedContent: string): CarriedProof | undefined {
  if (!isOwnProof(encryptedContent)) return undefined
  const payload = parseObject(
    Buffer.from(encryptedContent.slice(PROOF_PREFIX.length), 'base64url').toString('utf8'),
  )
  const origin = asText(payload?.origin)
  const value = payload?.value
  if (payload === undefined || origin === undefined || typeof value !== 'string') return undefined
  const callId = asText(payload.call_id)
  return {
    signature: { origin, value },
    ...(payload.redacted === true ? { redacted: true } : {}),
    ...(callId === undefined ? {} : { callId }),
  }
}

/**
 * The proof of this issuer in `encrypted_content`, as the provider wrote it; `undefined` for one of
 * another.
 */
export function ownProofIn(
  encryptedContent: unknown,
  issuer: string | undefined,
): ReasoningProof | undefined {
  if (typeof encryptedContent !== 'string') return undefined
  const signature = decodeProof(encryptedContent)?.signature
  return signature?.origin === originOf(DIALECT, issuer)
    ? decodeSignature(signature.value)
    : undefined
}

/** Whether only we can read this `encrypted_content`. */
export function isOwnProof(encryptedContent: unknown): boolean {
  return typeof encryptedContent === 'string' && encryptedContent.startsWith(PROOF_PREFIX)
}
