import { GatewayError } from '../../errors.ts'

/** Target of a call, and whether its route drops what the target cannot take. */
interface Target {
  readonly provider: string
  readonly dropUnsupported?: boolean | undefined
}

/**
 * A 400 that names the field, what is expected there and what came. `expected` reads after "must
 * be": `a string`.
 */
export function invalid(param: string, expected: string, value: unknown): GatewayError {
  const problem =
    value === undefined
      ? `is missing: it must be ${expected}`
      : `must be ${expected}, got ${describe(value)}`
  return new GatewayError('invalid_request', `${param} ${problem}.`, { param })
}

/** A 400 for content no model is offered through this wire format. */
export function unsupported(param: string, what: string): GatewayError {
  return new GatewayError('unsupported_content', `${param}: ${what} is not supported.`, { param })
}

/**
 * Handles a part or tool the target cannot take: a 400 that names it, or, where the route
 * allows dropping, the note for `dropped`.
 *
 * @param param dotted path of the part in the client's request
 * @param what names the kind, after which "is not supported by acme" reads well:
 *   `the tool type web_search`
 */
export function refuseOrDrop(call: Target, param: string, what: string): string {
  if (call.dropUnsupported) return `${param} (${what})`
  throw new GatewayError(
    'unsupported_content',
    `${param}: ${what} is not supported by ${call.provider}.`,
    { param, provider: call.provider },
  )
}

/**
 * One part of a request: where the target cannot take it and the route allows dropping, its note
 * goes to `dropped`.
 */
export function partOrDrop<T>(
  call: Pick<Target, 'dropUnsupported'>,
  build: () => T,
  dropped: (note: string) => void,
): T | undefined {
  try {
    return build()
  } catch (error) {
    if (
      call.dropUnsupported !== true ||
      !(error instanceof GatewayError) ||
      error.code !== 'unsupported_content'
    )
      throw error
    dropped(`${error.details.param ?? 'content'} (not supported)`)
    return undefined
  }
}

/**
 * For targets that give one choice per request: refuses `n` above 1, or drops it where the route
 * allows that.
 */
export function oneChoice(n: number | undefined, call: Target): string[] {
  if (n === undefined || n <= 1) return []
  if (call.dropUnsupported === true) return ['n (one choice per request)']
  throw new GatewayError(
    'unsupported_content',
    `${call.provider} gives one choice per request, n is ${n}.`,
    { param: 'n', provider: call.provider },
  )
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array'
  switch (typeof value) {
    case 'string':
      return value === ''
        ? 'an empty string'
        : `the string ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)}`
    case 'number':
      return `the number ${value}`
    case 'boolean':
      return String(value)
    default:
      return 'an object'
  }
}
