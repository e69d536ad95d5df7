import type { Signature } from '../../model/conversation.ts'
import { decodeSignature, DIALECT } from '../names.ts'
import { encodeProof } from '../to-client/own-items.ts'

/**
 * `encrypted_content` of reasoning that has a proof: the provider's own where it speaks this
 * dialect, ours around any other.
 */
export function encryptedContentOf(signature: Signature, redacted: boolean | undefined): string {
  const own = signature.origin === DIALECT ? decodeSignature(signature.value) : undefined
  return own?.encryptedContent ?? encodeProof({ signature, redacted })
}
