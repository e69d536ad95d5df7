import type { JsonObject } from '../../model/json-object.ts'
import { originOf } from '../../model/issuer.ts'
import { asList, asObject, parseObject, asText } from '../../wire/json.ts'
import type { Marker } from '../../translation/marked-relay.ts'
import type { SseFrame } from '../../wire/sse.ts'
import { DIALECT, encodeSignature } from '../names.ts'
import { encodeProof } from '../to-client/own-items.ts'

/** The output of a response with its issuer on each proof; `undefined` where there is none. */
export function markedOutput(output: unknown, issuer: string): unknown[] | undefined {
  let isChanged = false
  const marked = asList(output).map((item) => {
    const next = markedItem(asObject(item), issuer)
    if (next !== undefined) isChanged = true
    return next ?? item
  })
  return isChanged ? marked : undefined
}

function markedItem(item: JsonObject | undefined, issuer: string): JsonObject | undefined {
  const encryptedContent = item?.type === 'reasoning' ? asText(item.encrypted_content) : undefined
  if (item === undefined || encryptedContent === undefined) return undefined
  const value = encodeSignature({ id: asText(item.id) ?? '', encryptedContent })
  return {
    ...item,
    encrypted_content: encodeProof({ signature: { origin: originOf(DIALECT, issuer), value } }),
  }
}

/**
 * The proofs in a stream of this dialect, each with its issuer: in the items, and in the response
 * that repeats them.
 */
export class ProofMarker implements Marker {
  readonly #issuer: string

  constructor(issuer: string) {
    this.#issuer = issuer
  }

  concerns(block: Buffer): boolean {
    return block.includes('"encrypted_content"')
  }

  take({ event: name, data }: SseFrame): string | undefined {
    const event = parseObject(data)
    const response = asObject(event?.response)
    const item = markedItem(asObject(event?.item), this.#issuer)
    const output = response === undefined ? undefined : markedOutput(response.output, this.#issuer)
    if (item === undefined && output === undefined) return undefined
    const marked = {
      ...event,
      ...(item !== undefined && { item }),
      ...(output !== undefined && { response: { ...response, output } }),
    }
    return `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(marked)}\n\n`
  }
}
