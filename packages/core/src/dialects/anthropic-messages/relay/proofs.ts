import type { JsonObject } from '../../model/json-object.ts'
import type { Marker } from '../../translation/marked-relay.ts'
import { asObject, asText, parseObject, textOfValue } from '../../wire/json.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { markProof } from '../carried-signature.ts'

/** The content of a message with its issuer on each proof; `undefined` where there is none. */
export function markedContent(content: readonly unknown[], issuer: string): unknown[] | undefined {
  let isChanged = false
  const marked = content.map((item) => {
    const block = asObject(item)
    const next = block === undefined ? undefined : markedBlock(block, providerOf(issuer))
    if (next !== undefined) isChanged = true
    return next ?? item
  })
  return isChanged ? marked : undefined
}

function markedBlock(block: JsonObject, issuer: string): JsonObject | undefined {
  const field =
    block.type === 'thinking'
      ? 'signature'
      : block.type === 'redacted_thinking'
        ? 'data'
        : undefined
  const value = field === undefined ? undefined : asText(block[field])
  return field === undefined || value === undefined || issuer === ''
    ? undefined
    : { ...block, [field]: markProof(value, issuer) }
}

/** Proofs of this dialect hold for every account of a provider. */
function providerOf(issuer: string): string {
  return issuer.split('#')[0] ?? ''
}

/**
 * The proofs in a stream of this dialect, each with its issuer. A proof may come in pieces, and its
 * mark is about all of it: the pieces are kept until their block ends.
 */
export class ProofMarker implements Marker {
  readonly #issuer: string
  readonly #pieces = new Map<unknown, string>()

  constructor(issuer: string) {
    this.#issuer = providerOf(issuer)
  }

  concerns(block: Buffer): boolean {
    return (
      this.#issuer !== '' &&
      (this.#pieces.size > 0 || block.includes('signature') || block.includes('redacted_thinking'))
    )
  }

  take(frame: SseFrame): string | undefined {
    const event = parseObject(frame.data)
    const { index } = event ?? {}
    if (event?.type === 'content_block_start') return this.#start(event)
    if (event?.type === 'content_block_stop') return this.#stop(index, frame)
    const delta = asObject(event?.delta)
    if (event?.type !== 'content_block_delta' || delta?.type !== 'signature_delta') return undefined
    this.#pieces.set(index, (this.#pieces.get(index) ?? '') + (asText(delta.signature) ?? ''))
    return ''
  }

  #start(event: JsonObject): string | undefined {
    const block = asObject(event.content_block)
    const marked = block === undefined ? undefined : markedBlock(block, this.#issuer)
    return marked === undefined ? undefined : written({ ...event, content_block: marked })
  }

  #stop(index: unknown, { data }: SseFrame): string | undefined {
    const proof = this.#pieces.get(index)
    if (proof === undefined) return undefined
    this.#pieces.delete(index)
    const stop = `event: content_block_stop\ndata: ${data}\n\n`
    return proof === ''
      ? stop
      : written({
          type: 'content_block_delta',
          index,
          delta: { type: 'signature_delta', signature: markProof(proof, this.#issuer) },
        }) + stop
  }
}

function written(event: JsonObject): string {
  return `event: ${textOfValue(event.type)}\ndata: ${JSON.stringify(event)}\n\n`
}
