import { z } from 'zod'
import { servedPaths } from '../../api/index.ts'
import { type Attribution, attributes } from '../../identity/index.ts'
import type { Logger, LogLevel } from '../../log.ts'
import type { AwsCredentialsFunction, GoogleCredentials } from '../../providers/index.ts'
import { durationHint, parseDuration } from '../values/duration.ts'
import { didYouMean } from '../../foundation/near-names.ts'
import { parseSize, sizeHint } from '../values/size.ts'

/**
 * A value read by a function of ours: what it cannot read is a problem with this message and fix,
 * and never shown.
 */
function readBy<T>(read: (value: unknown) => T | undefined, message: string, fix: string) {
  return z.unknown().transform((value, context): T => {
    const result = read(value)
    if (result !== undefined) return result
    context.addIssue({ code: 'custom', message, params: { fix } })
    return z.NEVER
  })
}

/** Milliseconds. */
export const duration = () => readBy(parseDuration, 'This is not a duration.', durationHint)

/** Milliseconds, or the time that 95 of 100 answers take. */
export const hedgeDelay = () =>
  readBy(
    (value): number | 'p95' | undefined => (value === 'p95' ? value : parseDuration(value)),
    'This is neither a duration nor p95.',
    durationHint,
  )

/** Milliseconds within bounds. */
export const durationBetween = (leastMs: number, mostMs: number) =>
  readBy(
    (value): number | undefined => {
      const ms = parseDuration(value)
      return ms !== undefined && ms >= leastMs && ms <= mostMs ? ms : undefined
    },
    'This is no duration it can have.',
    `${durationHint} At least ${leastMs} ms, at most ${mostMs} ms.`,
  )

/** A store made by code, or where one is: `memory`, `sqlite:path`, `redis://...`. */
export function storePlace<T>() {
  const read = (value: unknown): T | string | undefined => {
    if (typeof value === 'object' && value !== null && 'limitStore' in value && 'close' in value)
      return value as T
    return typeof value === 'string' && /^(?:memory|sqlite:.+|rediss?:\/\/.+)$/.test(value.trim())
      ? value.trim()
      : undefined
  }
  return readBy(
    read,
    'This is no store.',
    'Write memory, sqlite:./postern.db or redis://host:6379; in code, a store such as redisStore({ client }).',
  )
}

/** Milliseconds, or never. */
export const durationOrOff = () =>
  readBy(
    (value): number | undefined =>
      value === 'off' ? Number.POSITIVE_INFINITY : parseDuration(value),
    'This is neither a duration nor off.',
    durationHint,
  )

/** `provider/model` or `provider/*` in a list, or a function, which only code can pass. */
export function targetFilter<T>() {
  const read = (value: unknown): T | readonly string[] | undefined => {
    if (typeof value === 'function') return value as T
    return Array.isArray(value) &&
      value.every((item) => typeof item === 'string' && /^[^/\s]+\/\S+$/.test(item))
      ? (value as string[])
      : undefined
  }
  return readBy(
    read,
    'This is no list of targets.',
    'Write "provider/model" or "provider/*"; in code, a function may decide.',
  )
}

/** Several keys of one provider: each a string, or with how often it is used. */
export function keyPool() {
  const textAsObject = (value: unknown): unknown =>
    typeof value === 'string' ? { key: value } : value
  return z
    .array(
      z.preprocess(
        textAsObject,
        z.strictObject({ key: secret(), weight: z.number().positive().max(1000).exactOptional() }),
      ),
    )
    .min(1)
}

/** Bytes. */
export const size = () => readBy(parseSize, 'This is not a size.', sizeHint)

/** A function, which only code can pass. */
export function callback<T>() {
  const read = (value: unknown): T | undefined =>
    typeof value === 'function' ? (value as T) : undefined
  return readBy(read, 'This is not a function.', 'Pass a function; it can only be given in code.')
}

const logLevels: readonly string[] = [
  'silent',
  'error',
  'warn',
  'info',
  'debug',
] satisfies LogLevel[]

/** A log level or a logger. */
export function logging() {
  return readBy(
    (value) => (isLogLevel(value) || isLogger(value) ? value : undefined),
    'This is neither a log level nor a logger.',
    `Write one of ${logLevels.join(', ')}, or pass an object with the methods error, warn, info and debug.`,
  )
}

function isLogLevel(value: unknown): value is LogLevel {
  return typeof value === 'string' && logLevels.includes(value)
}

function isLogger(value: unknown): value is Logger {
  if (typeof value !== 'object' || value === null) return false
  return logLevels.every(
    (level) => level === 'silent' || typeof Reflect.get(value, level) === 'function',
  )
}

/** The path of a mount, without a slash at its end. */
export function mountPath() {
  const read = (value: unknown): string | undefined =>
    typeof value === 'string' && /^(?:\/[^\s?#]*)?$/.test(value)
      ? value.replace(/(?<!\/)\/+$/, '')
      : undefined
  return readBy(read, 'This is not a path.', 'Begin it with "/", such as "/llm".')
}

/**
 * A key: what an HTTP header can carry without changing its meaning. Line ends are what an attacker
 * would add.
 */
export function secret() {
  return z.unknown().transform((value, context): string => {
    const problem = secretProblem(value)
    if (problem === undefined) return (value as string).trim()
    context.addIssue({ code: 'custom', message: problem.message, params: { fix: problem.fix } })
    return z.NEVER
  })
}

/**
 * Texts as a list, or as one text with commas between them, which is how the environment has them.
 */
export function listOrText() {
  const textAsList = (value: unknown): unknown =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== '')
      : value
  return z.preprocess(textAsList, z.array(z.string()))
}

/** The key itself is never shown. */
function secretProblem(
  value: unknown,
): { readonly message: string; readonly fix: string } | undefined {
  if (value === undefined || value === null || value === '')
    return {
      message: 'This key is not set.',
      fix: 'Set it, or the environment variable that it is read from.',
    }
  const key = typeof value === 'string' ? value.trim() : ''
  if (!/^[\x21-\x7e]+$/.test(key)) {
    return {
      message: 'This key is empty or holds characters no HTTP header can carry.',
      fix: 'Write the key as one line of printable ASCII without spaces.',
    }
  }
  const [first = ''] = key
  if (key.length > 1 && '"\'`'.includes(first) && key.endsWith(first)) {
    return {
      message: 'This key stands in quotes, which would be sent as part of it.',
      fix: 'Take the quotes out: `docker run --env-file` and systemd keep them.',
    }
  }
  return undefined
}

/**
 * A key that may be missing: an unset variable arrives as `''` in
 * `apiKey: process.env.SOMETHING ?? ''`.
 */
export function optionalSecret() {
  const emptyAsUnset = (value: unknown): unknown =>
    typeof value === 'string' && value.trim() === '' ? undefined : value
  return z.preprocess(emptyAsUnset, secret().optional())
}

/**
 * The path of a credentials file or what it holds, as an object or as text; or a function, which
 * only code can pass.
 */
export function cloudCredentials() {
  const read = (
    value: unknown,
  ): string | GoogleCredentials | AwsCredentialsFunction | undefined => {
    if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim()
    if (typeof value === 'function') return value as AwsCredentialsFunction
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as GoogleCredentials)
      : undefined
  }
  return readBy(
    read,
    'These are no credentials.',
    'Write the path of a credentials file, or what it holds; in code, a function may return them.',
  )
}

/** An absolute http(s) URL that paths can be appended to. */
export function address() {
  return z.string().transform((value, context) => {
    const problem = addressProblem(value.trim())
    if (problem === undefined) return value.trim()
    context.addIssue({ code: 'custom', message: problem.message, params: { fix: problem.fix } })
    return z.NEVER
  })
}

/** The URL itself is never shown: it holds a secret, or may. */
function addressProblem(
  value: string,
): { readonly message: string; readonly fix: string } | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return {
      message: 'This is not an http(s) URL.',
      fix: 'Write it in full, such as http://127.0.0.1:8000/v1.',
    }
  }
  if (url.username !== '' || url.password !== '') {
    return {
      message: 'The URL holds a user name or password.',
      fix: 'Take it out and set the key of the provider, or headers, instead.',
    }
  }
  if (url.search !== '' || url.hash !== '') {
    return {
      message: 'The URL has a query or fragment, which would be lost.',
      fix: 'Take it out; a key belongs into apiKey or headers.',
    }
  }
  const endpoint = ENDPOINT.exec(url.pathname)?.[0]
  if (endpoint !== undefined) {
    return {
      message: `The URL ends with ${endpoint}, which is an endpoint: the gateway appends its path itself.`,
      fix: `Take ${endpoint} off the end.`,
    }
  }
  return undefined
}

/** Ends of base URLs that were copied from an example request. */
const ENDPOINT =
  /\/(?:chat\/completions|completions|responses|messages|embeddings|rerank|v[12]\/chat|[^/]+:(?:streamGenerateContent|generateContent|embedContent)|converse|converse-stream)\/*$/i

/** They frame the request or belong to the connection: the transport sets them. */
const framingHeaders: readonly string[] = [
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Headers with lower-case names. */
export function headers() {
  return z.record(z.string(), z.string()).transform((record, context) => {
    const entries = Object.entries(record).map(
      ([name, value]) => [name.toLowerCase(), value.trim()] as const,
    )
    for (const [name, value] of entries) {
      const isCarried = /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value)
      if (isCarried && !framingHeaders.includes(name)) continue
      const message = isCarried
        ? 'This header is set by the gateway itself.'
        : 'This is not a valid HTTP header.'
      context.addIssue({
        code: 'custom',
        message,
        path: [name],
        params: { fix: 'Take the header out, or correct it.' },
      })
    }
    return Object.fromEntries(entries)
  })
}

/** A field for every attribute that usage is counted by. */
export function forEachAttribute<Field>(
  field: (name: keyof Attribution) => Field,
): Record<keyof Required<Attribution>, Field> {
  return Object.fromEntries(attributes.map((name) => [name, field(name)])) as Record<
    keyof Required<Attribution>,
    Field
  >
}

/** A path that the gateway serves, or with `*` at its end the beginning of some. */
export function endpointPath() {
  return z.string().superRefine((path, context) => {
    const isPath = /^\/[^*\s?#]*\*?$/.test(path)
    if (isPath && servedPaths.some((served) => covers(path, served))) return
    const message = isPath ? 'The gateway serves nothing at this path.' : 'This is no path.'
    context.addIssue({
      code: 'custom',
      message,
      params: {
        fix:
          didYouMean(path, servedPaths) ??
          'Write one such as "/v1/chat/completions", or "/v1/files*" for all that begin so.',
      },
    })
  })
}

/** Whether a served path, in which a name in braces stands for anything, may be meant. */
function covers(path: string, served: string): boolean {
  const beginning = served.split('{', 1).join()
  if (path.endsWith('*')) return served.startsWith(path.slice(0, -1)) || path.startsWith(beginning)
  return beginning === served ? path === served : path.startsWith(beginning)
}
