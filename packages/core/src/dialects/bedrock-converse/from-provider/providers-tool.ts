import type { Part } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { isObject, parseJson } from '../../wire/json.ts'
import { imagePart, joinBase64 } from './binary.ts'
import { DIALECT } from '../names.ts'

export interface StreamedBlock {
  /** First fields of the block. */
  readonly start: JsonObject
  /** Input of a call, as JSON text. */
  readonly input: string
  /** Base64 of an image. */
  readonly pieces: readonly string[]
  /** Content of a result. */
  readonly results: readonly JsonObject[]
}

const RUN_BY_PROVIDER = /^(?:server|mcp)_/

/**
 * Whether the provider ran the tool of this `toolUse` itself (`server_tool_use`). Models also name
 * the ordinary case: Claude writes `tool_use`, and a call of the client's must never be taken for
 * one that has been run.
 */
export function isRunByProvider({ type }: JsonObject): boolean {
  return typeof type === 'string' && RUN_BY_PROVIDER.test(type)
}

/**
 * Result of a tool that the provider runs itself: an image, or a block as a whole answer would hold
 * it.
 */
export function providersToolPart({ start, input, pieces, results }: StreamedBlock): Part {
  if (isObject(start.image)) {
    const image = { ...start.image, source: { bytes: joinBase64(pieces) } }
    return (
      imagePart(image) ?? { type: 'extension', dialect: DIALECT, value: { image: start.image } }
    )
  }
  if (isObject(start.toolResult))
    return {
      type: 'extension',
      dialect: DIALECT,
      value: { toolResult: { ...start.toolResult, content: joinTexts(results) } },
    }
  const parsed = input === '' ? { value: {} } : parseJson(input)
  return {
    type: 'extension',
    dialect: DIALECT,
    value: {
      toolUse: {
        ...(isObject(start.toolUse) ? start.toolUse : {}),
        input: parsed === undefined ? input : parsed.value,
      },
    },
  }
}

/** Text comes in fragments, JSON does not. */
function joinTexts(results: readonly JsonObject[]): JsonObject[] {
  const joined: JsonObject[] = []
  for (const result of results) {
    const last = joined.at(-1)
    if (typeof result.text === 'string' && typeof last?.text === 'string')
      joined.splice(-1, 1, { text: last.text + result.text })
    else joined.push(result)
  }
  return joined
}
