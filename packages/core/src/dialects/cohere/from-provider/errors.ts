import { GatewayError } from '../../../errors.ts'
import type { ErrorResponse } from '../../model/call.ts'
import { parseObject, asText } from '../../wire/json.ts'
import { foreignFacts } from '../../wire/foreign-error.ts'
import { cleanProviderText, upstreamError } from '../../wire/upstream-error.ts'

/**
 * A blocklist matches the request or the answer; a retry would not help.
 */
const DENIED = 498
const CONTENT_FILTER = /blocked|content (?:policy|filter)|safety/i

/**
 * `{"id","message"}`, now and then with an `error_type`; HTML of a server before it, or nothing.
 */
export function readError({ status, body, provider }: ErrorResponse): GatewayError {
  const error = parseObject(body)
  const message =
    asText(error?.message) ??
    asText(error?.error) ??
    (error === undefined ? undefined : foreignFacts(error)?.message) ??
    (error === undefined ? body : undefined)
  const isFiltered =
    status === DENIED || (status === 400 && message !== undefined && CONTENT_FILTER.test(message))
  return upstreamError({
    status,
    provider,
    message,
    providerCode: isFiltered ? 'content_filter' : asText(error?.error_type),
  })
}

/**
 * The error of an answer that is not of this dialect. `what` reads after the provider's name:
 * `sent ...`.
 */
export function invalidAnswer(what: string, provider: string): GatewayError {
  return new GatewayError('upstream_invalid', `${provider} ${what}.`, { provider })
}

/** Words of the provider's in a message of ours. */
export function detailOf(value: unknown): string | undefined {
  const text = asText(value)
  return text === undefined ? undefined : cleanProviderText(text).replace(/\.$/, '')
}
