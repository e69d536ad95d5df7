import type { JsonObject } from '../../model/json-object.ts'
import { originOf } from '../../model/issuer.ts'
import { isObject, asList, asObject, parseObject, asText } from '../../wire/json.ts'
import type { Marker } from '../../translation/marked-relay.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { decodeSignature, encodeSignature } from '../to-client/foreign-signature.ts'
import { ORIGIN } from '../to-provider/tool-history.ts'

/** Proofs of this dialect hold for every account of a provider. */
export function providerOf(issuer: string | undefined): string | undefined {
  return issuer?.split('#')[0] || undefined
}

/**
 * The contents with proofs of this issuer as it wrote them, and unmarked ones, which are another's,
 * marked so that they are taken out. `undefined` where nothing changes.
 */
export function unmarkedContents(
  contents: unknown,
  issuer: string | undefined,
): unknown[] | undefined {
  if (issuer === undefined) return undefined
  const own = originOf(ORIGIN, issuer)
  return withProofs(Array.isArray(contents) ? contents : [contents], (proof) => {
    const { signature } = decodeSignature(proof)
    if (signature.origin === own) return signature.value
    return signature.origin === ORIGIN
      ? encodeSignature({ origin: originOf(ORIGIN, 'another'), value: proof })
      : proof
  })
}

/** The candidates of an answer with its issuer on each proof; `undefined` where there is none. */
export function markedCandidates(candidates: unknown, issuer: string): unknown[] | undefined {
  let isChanged = false
  const marked = asList(candidates).map((candidate) => {
    const [content] =
      withProofs([asObject(candidate)?.['content']], (value) =>
        encodeSignature({ origin: originOf(ORIGIN, issuer), value }),
      ) ?? []
    if (content === undefined) return candidate
    isChanged = true
    return { ...asObject(candidate), content }
  })
  return isChanged ? marked : undefined
}

function withProofs(
  contents: readonly unknown[],
  change: (proof: string) => string,
): unknown[] | undefined {
  let isChanged = false
  const changed = contents.map((content) => {
    if (!isObject(content) || !Array.isArray(content['parts'])) return content
    const parts = content['parts'].map((part: unknown) => {
      const field = isObject(part) ? fieldOf(part) : undefined
      const proof = field === undefined ? undefined : asText((part as JsonObject)[field])
      if (field === undefined || proof === undefined || change(proof) === proof) return part
      isChanged = true
      return { ...(part as JsonObject), [field]: change(proof) }
    })
    return { ...content, parts }
  })
  return isChanged ? changed : undefined
}

function fieldOf(part: JsonObject): string | undefined {
  if (part['thoughtSignature'] !== undefined) return 'thoughtSignature'
  return part['thought_signature'] === undefined ? undefined : 'thought_signature'
}

/** The proofs in a stream of events, each with its issuer. */
export class ProofMarker implements Marker {
  readonly #issuer: string

  constructor(issuer: string) {
    this.#issuer = issuer
  }

  concerns(block: Buffer): boolean {
    return block.includes('"thoughtSignature"')
  }

  take({ data }: SseFrame): string | undefined {
    const chunk = parseObject(data)
    const candidates = markedCandidates(chunk?.['candidates'], this.#issuer)
    return candidates === undefined
      ? undefined
      : `data: ${JSON.stringify({ ...chunk, candidates })}\n\n`
  }
}
