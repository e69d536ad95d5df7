import { type ErrorCode, GatewayError } from '../../errors.ts'

export interface UpstreamErrorFacts {
  readonly status: number
  /** The provider's own words; cleaned here before a client sees them. */
  readonly message?: string | undefined
  /** The provider's `code`, `type` or `status` word. */
  readonly providerCode?: string | undefined
  readonly param?: string | undefined
  readonly provider: string
}

/**
 * Maps a provider's error to a `GatewayError`, for every dialect; dialects only extract the facts
 * from the body.
 */
export function upstreamError(facts: UpstreamErrorFacts): GatewayError {
  const message = cleanProviderText(facts.message ?? '')
  const code = codeOf(facts.status, message, facts.providerCode)
  const own = ownMessages[code]
  return new GatewayError(
    code,
    own ? own(facts) : `${facts.provider}: ${message || `answered with status ${facts.status}`}`,
    {
      ...(keepsStatus(code, facts.status) ? { status: facts.status } : {}),
      upstreamStatus: facts.status,
      provider: facts.provider,
      ...(facts.param === undefined ? {} : { param: facts.param }),
      ...(facts.providerCode === undefined ? {} : { providerCode: facts.providerCode }),
    },
  )
}

/** Errors whose text must not reach the client: it mentions our credentials. */
const ownMessages: Partial<Record<ErrorCode, (facts: UpstreamErrorFacts) => string>> = {
  provider_credentials: (facts) =>
    `${facts.provider} refused the gateway's own credentials (status ${facts.status}). This is not about your key; the operator must fix the provider's key.`,
}

function keepsStatus(code: ErrorCode, status: number): boolean {
  return code === 'provider_rejected' && status >= 400 && status < 500
}

function codeOf(status: number, message: string, providerCode = ''): ErrorCode {
  if (status === 401) return 'provider_credentials'
  if (
    CREDENTIALS.test(providerCode) ||
    ((status === 400 || status === 403) && CREDENTIALS_TEXT.test(message))
  )
    return 'provider_credentials'
  // "Too many tokens" in a 429 speaks of a minute's tokens, not of the request's.
  if (
    CONTEXT_CODE.test(providerCode) ||
    (status !== 429 && CONTEXT_TEXT.test(message) && !OUTPUT_TEXT.test(message))
  )
    return 'context_length_exceeded'
  if (CONTENT_FILTER_CODE.test(providerCode)) return 'content_filter'
  if (status === 402 || QUOTA_CODE.test(providerCode)) return 'insufficient_quota'
  if (status === 403) return 'provider_rejected'
  if (status === 404) return 'model_not_found'
  if (status === 429) return 'rate_limit_exceeded'
  if (status === 408 || status === 409 || status === 425) return 'provider_error'
  if (status === 529 || status === 503 || OVERLOADED_CODE.test(providerCode))
    return 'provider_overloaded'
  // A redirect is never followed (it would take the key along), and it is the address that is
  // wrong, not the request.
  if (status >= 500 || status < 400) return 'provider_error'
  if (status === 498 || status === 499) return 'provider_error'
  return 'provider_rejected'
}

const CREDENTIALS = /^(invalid_api_key|API_KEY_INVALID|authentication_error|UNAUTHENTICATED)$/
const CREDENTIALS_TEXT =
  /api key not valid|incorrect api key|invalid api key|api key was reported as leaked/i
const CONTEXT_CODE =
  /^(context_length_exceeded|model_context_window_exceeded|request_too_large|TOO_MANY_TOKENS)$/i
const CONTEXT_TEXT =
  /prompt is too long|context[ _-]?(length|window)|maximum context|input token count.*exceed|too many (input )?tokens|exceeds? the (model'?s )?(maximum (allowed )?(context|input|prompt|number of (input )?tokens|tokens?\b)|context)|reduce the length of the (messages|input|prompt)|input is too long|longer than the model/i
/** Of the answer's length, not of the prompt's: a shorter history would not help. */
const OUTPUT_TEXT = /max[ _](?:output[ _])?tokens must be (?:less|at most|no more|<)/i
const CONTENT_FILTER_CODE =
  /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|prompt_blocked)$/i
const QUOTA_CODE =
  /^(insufficient_quota|billing_error|enforced_spend_limit_reached|contract_spend_limit_reached|ramp_limit_exceeded|billing_hard_limit_reached)$/
const OVERLOADED_CODE = /^(overloaded_error|engine_overloaded|UNAVAILABLE|overloaded)$/i

/** Where the prefix is a word as well, a digit or a mask tells the key from it. */
const SECRET =
  /\b(?:sk|pk|gsk|xai|ghp|hf|nvapi|pplx)[-_][A-Za-z0-9_*.-]{8,}|\b(?:sk|key|AIza|AKIA|ASIA)(?=[-_A-Za-z*.]*[\d*])[A-Za-z0-9_*.-]{8,}|\b(?:Bearer|Basic)\s+\S+|\b(?=[-_A-Za-z]*\d)[A-Za-z0-9_-]{40,}\b/g
const MAX_PROVIDER_TEXT = 600

/**
 * A provider's message made fit for a client: no keys or key fragments, no markup, one line,
 * bounded length.
 */
export function cleanProviderText(text: string): string {
  const plain = text.includes('<') && /<\/?(html|body|head|!doctype)/i.test(text) ? '' : text
  const cleaned = plain.replace(SECRET, '[removed]').replace(/\s+/g, ' ').trim()
  if (cleaned.length <= MAX_PROVIDER_TEXT) return cleaned
  // Cut between words: half of a key is found by no redaction behind this one.
  return `${cleaned.slice(0, cleaned.lastIndexOf(' ', MAX_PROVIDER_TEXT) + 1)}...`
}
