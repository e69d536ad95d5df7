import { GatewayError } from '../../../errors.ts'
import type { ErrorResponse } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asList, parseFirstObject, asText } from '../../wire/json.ts'
import { foreignFacts } from '../../wire/foreign-error.ts'
import { upstreamError } from '../../wire/upstream-error.ts'

/** HTTP status of the API's status words, for errors that come without one. */
const STATUS_WORDS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    INVALID_ARGUMENT: 400,
    FAILED_PRECONDITION: 400,
    OUT_OF_RANGE: 400,
    UNAUTHENTICATED: 401,
    PERMISSION_DENIED: 403,
    NOT_FOUND: 404,
    ALREADY_EXISTS: 409,
    ABORTED: 409,
    RESOURCE_EXHAUSTED: 429,
    CANCELLED: 499,
    UNKNOWN: 500,
    INTERNAL: 500,
    DATA_LOSS: 500,
    UNIMPLEMENTED: 501,
    UNAVAILABLE: 503,
    DEADLINE_EXCEEDED: 504,
  }),
)

export function isStatusWord(word: string): boolean {
  return STATUS_WORDS.has(word)
}

/** The error of a non-2xx answer, whatever its body is. */
export function readError(response: ErrorResponse): GatewayError {
  const body = parseFirstObject(response.body)
  return errorOf(body?.['error'] ?? (body === undefined ? undefined : foreignFacts(body)), response)
}

/** The error an answer with status 200 carries, alone or in the middle of its stream. */
export function errorInAnswer(error: unknown, provider: string): GatewayError {
  const code = isObject(error) ? error['code'] : undefined
  const word = isObject(error) ? asText(error['status']) : undefined
  const named = typeof code === 'number' && code >= 400 && code <= 599 ? code : undefined
  return errorOf(error, { provider, status: named ?? STATUS_WORDS.get(word ?? '') ?? 500 })
}

function errorOf(
  error: unknown,
  at: { readonly provider: string; readonly status: number },
): GatewayError {
  const body = isObject(error) ? error : { message: error }
  const details = asList(body['details']).filter(isObject)
  const known = upstreamError({
    status: at.status,
    provider: at.provider,
    message: asText(body['message']),
    providerCode: reasonOf(details) ?? asText(body['status']),
  })
  const retryAfterMs = retryDelayOf(details)
  return retryAfterMs === undefined
    ? known
    : new GatewayError(known.code, known.message, { ...known.details, retryAfterMs })
}

/**
 * `ErrorInfo.reason` says more than the status word: a bad key is an `INVALID_ARGUMENT` like any
 * other.
 */
function reasonOf(details: readonly JsonObject[]): string | undefined {
  return details.map((detail) => asText(detail['reason'])).find((reason) => reason !== undefined)
}

/** `RetryInfo.retryDelay`: seconds with a fraction and an `s`. */
function retryDelayOf(details: readonly JsonObject[]): number | undefined {
  for (const detail of details) {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(asText(detail['retryDelay']) ?? '')?.[1]
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000)
  }
  return undefined
}
