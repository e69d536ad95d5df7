import { GatewayError } from './errors.ts'
import { type JsonLimits, refusal } from './json-scan.ts'

/**
 * Refuses a value that is nested deeper or has more members than `limits` allow, as `scanJson` refuses its text, and what
 * JSON cannot hold: values made by the host's own parser may be anything. Throws `invalid_request`.
 */
export function checkStructure(value: unknown, limits: JsonLimits): void {
  membersOf(value, 1, limits)
}

/** How many fields, objects and arrays there are in the value; elements of arrays count where they are too many. */
function membersOf(value: unknown, depth: number, limits: JsonLimits): number {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'bigint') throw new GatewayError('invalid_request', 'The request body, as the parser of the host left it, holds a bigint, which JSON cannot hold.')
    return 0
  }
  if (depth > limits.depth) throw refusal(`nests objects and arrays more than ${limits.depth} deep`)
  let members = 1
  if (Array.isArray(value)) {
    if (value.length > limits.elements) throw refusal(`has more than ${limits.elements} values`)
    for (const item of value as unknown[]) {
      if (typeof item === 'object' || typeof item === 'bigint') members += membersOf(item, depth + 1, limits)
      if (members > limits.members) break
    }
  } else {
    for (const key in value) {
      members += 1 + membersOf((value as Record<string, unknown>)[key], depth + 1, limits)
      if (members > limits.members) break
    }
  }
  if (members > limits.members) throw refusal(`has more than ${limits.members} fields, objects and arrays`)
  return members
}
