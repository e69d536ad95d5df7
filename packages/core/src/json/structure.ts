import { GatewayError } from '../errors.ts'
import { type JsonLimits, refusal } from './scan.ts'

/**
 * Refuses a value that is nested deeper or has more members than `limits` allow, as `scanJson`
 * refuses its text, and what JSON cannot hold: values made by the host's own parser may be
 * anything. Throws `invalid_request`.
 */
export function checkStructure(value: unknown, limits: JsonLimits): void {
  membersOf(value, 1, limits)
}

/**
 * The same for what was parsed from a text of at most `SMALL_JSON_BYTES`: in so few bytes there is
 * no room for too many members, only for too deep ones. Throws `invalid_request`.
 */
export function checkDepth(value: unknown, limits: JsonLimits): void {
  if (typeof value === 'object' && value !== null) checkDepthOf(value, 1, limits.depth)
}

function checkDepthOf(value: object, depth: number, limit: number): void {
  if (depth > limit) throw tooDeep(limit)
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const item: unknown = value[at]
      if (typeof item === 'object' && item !== null) checkDepthOf(item, depth + 1, limit)
    }
    return
  }
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key]
    if (typeof item === 'object' && item !== null) checkDepthOf(item, depth + 1, limit)
  }
}

function tooDeep(limit: number): GatewayError {
  return refusal(`nests objects and arrays more than ${limit} deep`)
}

/**
 * How many fields, objects and arrays there are in the value; elements of arrays count where they
 * are too many.
 */
function membersOf(value: unknown, depth: number, limits: JsonLimits): number {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'bigint')
      throw new GatewayError(
        'invalid_request',
        'The request body, as the parser of the host left it, holds a bigint, which JSON cannot hold.',
      )
    return 0
  }
  if (depth > limits.depth) throw tooDeep(limits.depth)
  let members = 1
  if (Array.isArray(value)) {
    if (value.length > limits.elements) throw refusal(`has more than ${limits.elements} values`)
    for (const item of value as unknown[]) {
      if (typeof item === 'object' || typeof item === 'bigint')
        members += membersOf(item, depth + 1, limits)
      if (members > limits.members) break
    }
  } else {
    for (const key in value) {
      members += 1 + membersOf((value as Record<string, unknown>)[key], depth + 1, limits)
      if (members > limits.members) break
    }
  }
  if (members > limits.members)
    throw refusal(`has more than ${limits.members} fields, objects and arrays`)
  return members
}
