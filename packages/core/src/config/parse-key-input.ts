import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { attributes, callerKey, type KnownCaller } from '../identity/index.ts'
import type { Limit } from '../limits/index.ts'
import { parseDuration } from './values/duration.ts'
import { endpointPath, forEachAttribute } from './schema/field-values.ts'
import { keyLimitsSchema } from './schema/limit-schema.ts'
import { limitsOfKey } from './resolve-admission.ts'
import { refused } from './input-error.ts'

const DAY_MS = 86_400_000
const LONGEST_LIFE_DAYS = 3_650
const DEFAULT_GRACE_MS = 3_600_000

function grantsSchema() {
  const text = z.string().min(1).max(200).optional()
  const names = z.array(z.string().min(1)).optional()
  return z.strictObject({
    ...forEachAttribute(() => text),
    endpoints: z.array(endpointPath()).optional(),
    sendsSession: z.boolean().optional(),
    mayReport: z.boolean().optional(),
    maxOutputTokens: z.int().min(1).max(10_000_000).optional(),
    mayName: z.array(z.enum(attributes)).optional(),
    routes: names,
    models: names,
    limits: keyLimitsSchema().optional(),
  })
}

function wishSchema() {
  return grantsSchema().extend({
    name: z.string().regex(/^[A-Za-z0-9][\w.@-]*$/, {
      error: 'a name may hold letters, digits, "-", "_", "." and "@"',
    }),
    expiresIn: z.union([z.string(), z.number()]).optional(),
  })
}

/**
 * Parses the input of `/admin/keys`. Throws `invalid_request` that names every problem. Grants are
 * kept as they were written, so that it reads the same later.
 */
export function parseKeyInput(
  asked: Readonly<Record<string, unknown>>,
  known?: { readonly name: string },
): { name: string; expiresInMs: number | undefined; grants: Readonly<Record<string, unknown>> } {
  const result = wishSchema().safeParse({ ...asked, ...known })
  if (!result.success) throw refused(result.error.issues)
  const { name: _, expiresIn, ...grants } = asked
  return {
    name: result.data.name,
    expiresInMs: expiresIn === undefined ? undefined : readLife(expiresIn),
    grants,
  }
}

/** `grace` of a rotation in milliseconds; an hour when nothing is said. */
export function readGrace({ grace, ...others }: Readonly<Record<string, unknown>>): number {
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    throw new GatewayError('invalid_request', `${unknown}: there is no such field.`, {
      param: unknown,
    })
  if (grace === undefined) return DEFAULT_GRACE_MS
  const ms = grace === 0 || grace === '0' ? 0 : parseDuration(grace)
  if (ms === undefined)
    throw new GatewayError(
      'invalid_request',
      'grace: this is not a duration. Write one such as "1h", or 0.',
      { param: 'grace' },
    )
  return ms
}

/** The limits a caller brings along, checked as those of the configuration are. */
export function limitsOfCaller(caller: KnownCaller): readonly Limit[] {
  const { limits } = caller
  if (limits === undefined || limits.length === 0) return []
  const result = keyLimitsSchema().safeParse(limits)
  if (result.success) return limitsOfKey(callerKey(caller), { limits: result.data })
  throw new TypeError(
    `The limits of the caller ${JSON.stringify(callerKey(caller))} cannot be used: ${refused(result.error.issues).message}`,
  )
}

/** As other durations, and in days: `90d`. */
function readLife(value: unknown): number {
  const days = typeof value === 'string' ? /^(\d+)\s*d$/i.exec(value.trim())?.[1] : undefined
  const ms =
    days === undefined
      ? parseDuration(value)
      : Number(days) <= LONGEST_LIFE_DAYS && Number(days) > 0
        ? Number(days) * DAY_MS
        : undefined
  if (ms === undefined)
    throw new GatewayError(
      'invalid_request',
      `expiresIn: this is not a duration. Write one such as "90d" or "12h", at most ${LONGEST_LIFE_DAYS} days.`,
      { param: 'expiresIn' },
    )
  return ms
}
