import { GatewayError } from '../errors.ts'
import { type Limit, type Scope, scopes, type Subject } from '../limits/index.ts'
import { limitSchema } from './schema/limit-schema.ts'
import { limitOfGateway } from './resolve-admission.ts'
import { refused } from './input-error.ts'

/**
 * Parses the input of `/admin/limits`: an entry of the option `limits`. Throws `invalid_request`
 * that names every problem. The input is kept as it was written, so that it reads the same later.
 */
export function parseLimitInput(
  asked: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const result = limitSchema().safeParse(asked)
  if (!result.success) throw refused(result.error.issues)
  return asked
}

/** A limit that was checked when it was made. @param place where it stands, for messages */
export function limitOfWish(written: Readonly<Record<string, unknown>>, place: string): Limit {
  return limitOfGateway(limitSchema().parse(written), place)
}

/**
 * Parses the subject of a usage query: any of the scopes a limit may have. Throws
 * `invalid_request`.
 */
export function readSubject(asked: Readonly<Record<string, unknown>>): Subject {
  const known = new Set<string>(scopes)
  for (const [name, value] of Object.entries(asked)) {
    if (!known.has(name))
      throw new GatewayError(
        'invalid_request',
        `${name.slice(0, 100)}: nothing is counted by that. Known: ${scopes.join(', ')}.`,
        { param: name.slice(0, 100) },
      )
    if (typeof value !== 'string' || value === '')
      throw new GatewayError('invalid_request', `${name}: this is no name.`, { param: name })
  }
  return asked as Readonly<Partial<Record<Scope, string>>>
}
