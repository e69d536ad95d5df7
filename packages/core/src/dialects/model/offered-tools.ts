import type { JsonObject } from './json-object.ts'
import { asObjects } from '../wire/json.ts'

/** A tool that a request offers, and where it stands. */
export interface OfferedTool {
  readonly path: string
  readonly tool: JsonObject
}

/**
 * Every tool of a request, in any dialect: those in namespaces and in items of the input
 * (Responses) are offered as well.
 */
export function listOfferedTools(body: JsonObject): OfferedTool[] {
  const own = listed(body, '')
  const held = asObjects(body['input']).flatMap((item, at) =>
    item['tools'] === undefined ? [] : listed(item, `input[${at}].`),
  )
  return held.length === 0 ? own : own.concat(held)
}

function listed(holder: JsonObject, place: string): OfferedTool[] {
  return asObjects(holder['tools']).flatMap((tool, at) => {
    const path = `${place}tools[${at}]`
    return tool['type'] === 'namespace'
      ? asObjects(tool['tools']).map((inner, index) => ({
          path: `${path}.tools[${index}]`,
          tool: inner,
        }))
      : [{ path, tool }]
  })
}
