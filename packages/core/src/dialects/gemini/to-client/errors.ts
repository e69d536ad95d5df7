import type { ErrorCode, GatewayError } from '../../../errors.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { isStatusWord } from '../from-provider/errors.ts'

/** Our codes as the status words of Google's APIs. */
const WORDS: Readonly<Record<ErrorCode, string>> = {
  invalid_json: 'INVALID_ARGUMENT',
  invalid_request: 'INVALID_ARGUMENT',
  unsupported_content: 'INVALID_ARGUMENT',
  missing_api_key: 'UNAUTHENTICATED',
  invalid_api_key: 'UNAUTHENTICATED',
  permission_denied: 'PERMISSION_DENIED',
  unknown_path: 'NOT_FOUND',
  model_not_found: 'NOT_FOUND',
  method_not_allowed: 'UNIMPLEMENTED',
  loop_detected: 'PERMISSION_DENIED',
  body_too_large: 'INVALID_ARGUMENT',
  upgrade_required: 'FAILED_PRECONDITION',
  client_closed: 'CANCELLED',
  client_stalled: 'CANCELLED',
  hedge_lost: 'CANCELLED',
  provider_rejected: 'INVALID_ARGUMENT',
  context_length_exceeded: 'INVALID_ARGUMENT',
  content_filter: 'INVALID_ARGUMENT',
  provider_credentials: 'INTERNAL',
  insufficient_quota: 'RESOURCE_EXHAUSTED',
  rate_limit_exceeded: 'RESOURCE_EXHAUSTED',
  provider_error: 'INTERNAL',
  provider_overloaded: 'UNAVAILABLE',
  provider_unreachable: 'UNAVAILABLE',
  upstream_invalid: 'INTERNAL',
  upstream_truncated: 'UNAVAILABLE',
  answer_too_large: 'INTERNAL',
  targets_unavailable: 'UNAVAILABLE',
  connect_timeout: 'DEADLINE_EXCEEDED',
  attempt_timeout: 'DEADLINE_EXCEEDED',
  first_token_timeout: 'DEADLINE_EXCEEDED',
  idle_timeout: 'DEADLINE_EXCEEDED',
  deadline_exceeded: 'DEADLINE_EXCEEDED',
  budget_exceeded: 'RESOURCE_EXHAUSTED',
  unpriced_model: 'FAILED_PRECONDITION',
  unpriced_parameter: 'FAILED_PRECONDITION',
  store_unavailable: 'UNAVAILABLE',
  host_overloaded: 'UNAVAILABLE',
  gateway_closed: 'UNAVAILABLE',
  identify_failed: 'INTERNAL',
  internal_error: 'INTERNAL',
}

/** A provider's own refusal of a request keeps its status. */
const REJECTIONS: ReadonlyMap<number, string> = new Map([
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [409, 'ABORTED'],
  [429, 'RESOURCE_EXHAUSTED'],
  [499, 'CANCELLED'],
])

const TYPE = 'type.googleapis.com/google.rpc.'
/** Domain of the reasons, required by `ErrorInfo`. */
const DOMAIN = 'postern'

/**
 * An error as Google's APIs write it. What the shape itself has no place for is in `details`: our
 * code, the field at fault, when to try again.
 */
export function renderError(error: GatewayError, requestId: string): JsonObject {
  const { param, retryAfterMs, attempts = [] } = error.details
  const tried = attempts.map(({ target, code }) => `${target} ${code}`).join(', ')
  const details: JsonObject[] = [
    {
      '@type': `${TYPE}ErrorInfo`,
      reason: error.code.toUpperCase(),
      domain: DOMAIN,
      ...(tried === '' ? {} : { metadata: { attempts: tried } }),
    },
  ]
  if (param !== undefined)
    details.push({
      '@type': `${TYPE}BadRequest`,
      fieldViolations: [{ field: param, description: error.message }],
    })
  if (retryAfterMs !== undefined)
    details.push({ '@type': `${TYPE}RetryInfo`, retryDelay: `${retryAfterMs / 1000}s` })
  if (requestId !== '') details.push({ '@type': `${TYPE}RequestInfo`, requestId })
  return { error: { code: error.status, message: error.message, status: wordOf(error), details } }
}

function wordOf(error: GatewayError): string {
  if (error.code !== 'provider_rejected') return WORDS[error.code]
  const { providerCode = '' } = error.details
  return isStatusWord(providerCode)
    ? providerCode
    : (REJECTIONS.get(error.status) ?? WORDS.provider_rejected)
}
