import { parseObject, asText } from '../wire/json.ts'

/** Name of the dialect: the `origin` of what only it understands. */
export const DIALECT = 'openai-responses'

/**
 * Fields that the provider requires back with its reasoning: the item's id and its encrypted
 * content, both byte for byte.
 */
export interface ReasoningProof {
  /** Empty where the item had none. */
  readonly id: string
  readonly encryptedContent: string
}

/**
 * The value of a `Signature` of this dialect, written by its client side and read by both: JSON
 * text of the form `{"id":"rs_...","encrypted_content":"..."}`.
 */
export function encodeSignature(proof: ReasoningProof): string {
  return JSON.stringify({ id: proof.id, encrypted_content: proof.encryptedContent })
}

/** `undefined` for what `encodeSignature` has not written. */
export function decodeSignature(value: string): ReasoningProof | undefined {
  const proof = parseObject(value)
  const encryptedContent = asText(proof?.encrypted_content)
  return encryptedContent === undefined
    ? undefined
    : { id: asText(proof?.id) ?? '', encryptedContent }
}
