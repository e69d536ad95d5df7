/**
 * Every way a request can fail, in one table: what the client sees (status and OpenAI `type`) and
 * whether another attempt could help. A code names a cause, never a place in the source.
 *
 * - `retry`: the same target may answer a moment later, the next one may answer at once
 * - `next`: this target cannot, another one may
 * - `stop`: no attempt can change the answer
 */
export const errorTable = {
  // The client's request
  invalid_json: { status: 400, type: 'invalid_request_error', failure: 'stop' },
  invalid_request: { status: 400, type: 'invalid_request_error', failure: 'stop' },
  unsupported_content: { status: 400, type: 'invalid_request_error', failure: 'stop' },
  missing_api_key: { status: 401, type: 'authentication_error', failure: 'stop' },
  invalid_api_key: { status: 401, type: 'authentication_error', failure: 'stop' },
  permission_denied: { status: 403, type: 'permission_error', failure: 'stop' },
  unknown_path: { status: 404, type: 'invalid_request_error', failure: 'stop' },
  model_not_found: { status: 404, type: 'invalid_request_error', failure: 'stop' },
  method_not_allowed: { status: 405, type: 'invalid_request_error', failure: 'stop' },
  loop_detected: { status: 403, type: 'permission_error', failure: 'stop' },
  body_too_large: { status: 413, type: 'invalid_request_error', failure: 'stop' },
  upgrade_required: { status: 426, type: 'invalid_request_error', failure: 'stop' },
  client_stalled: { status: 499, type: 'invalid_request_error', failure: 'stop' },
  hedge_lost: { status: 499, type: 'invalid_request_error', failure: 'stop' },
  client_closed: { status: 499, type: 'invalid_request_error', failure: 'stop' },
  // The provider's answer
  provider_rejected: { status: 400, type: 'invalid_request_error', failure: 'stop' },
  context_length_exceeded: { status: 400, type: 'invalid_request_error', failure: 'stop' },
  content_filter: { status: 400, type: 'invalid_request_error', failure: 'stop' },
  provider_credentials: { status: 502, type: 'api_error', failure: 'stop' },
  insufficient_quota: { status: 429, type: 'insufficient_quota', failure: 'next' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error', failure: 'retry' },
  provider_error: { status: 502, type: 'server_error', failure: 'retry' },
  provider_overloaded: { status: 503, type: 'server_error', failure: 'retry' },
  provider_unreachable: { status: 502, type: 'server_error', failure: 'retry' },
  upstream_invalid: { status: 502, type: 'server_error', failure: 'retry' },
  upstream_truncated: { status: 502, type: 'server_error', failure: 'retry' },
  answer_too_large: { status: 502, type: 'server_error', failure: 'stop' },
  targets_unavailable: { status: 503, type: 'server_error', failure: 'stop' },
  // Our clocks
  connect_timeout: { status: 504, type: 'timeout_error', failure: 'retry' },
  attempt_timeout: { status: 504, type: 'timeout_error', failure: 'next' },
  first_token_timeout: { status: 504, type: 'timeout_error', failure: 'next' },
  idle_timeout: { status: 504, type: 'timeout_error', failure: 'next' },
  deadline_exceeded: { status: 504, type: 'timeout_error', failure: 'stop' },
  // Ourselves
  budget_exceeded: { status: 402, type: 'insufficient_quota', failure: 'stop' },
  unpriced_parameter: { status: 400, type: 'invalid_request_error', failure: 'stop' },
  unpriced_model: { status: 400, type: 'invalid_request_error', failure: 'stop' },
  store_unavailable: { status: 503, type: 'server_error', failure: 'stop' },
  host_overloaded: { status: 503, type: 'server_error', failure: 'stop' },
  identify_failed: { status: 500, type: 'server_error', failure: 'stop' },
  gateway_closed: { status: 503, type: 'server_error', failure: 'stop' },
  internal_error: { status: 500, type: 'server_error', failure: 'stop' },
} as const satisfies Record<string, { status: number; type: string; failure: Failure }>

/** Statuses of 4xx after which the same request may get another answer. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429])

/**
 * Whether no repetition can change the answer. Clients that repeat by themselves, some of them ten
 * times, must not.
 */
export function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && !PASSING.has(status)
}

export type ErrorCode = keyof typeof errorTable
export type Failure = 'retry' | 'next' | 'stop'

/**
 * One failed or successful call to a target, as the client and the record may see it. No keys, no
 * provider text.
 */
export interface AttemptSummary {
  /** `provider/model` */
  readonly target: string
  /**
   * Name of the provider's key it was made with, where there are several: `key-2`, `tenant-acme`.
   * Clients are not told.
   */
  readonly key?: string
  /** `ok` or the error code. */
  readonly code: ErrorCode | 'ok'
  /** HTTP status of the provider, when it answered. */
  readonly status?: number
  /** Wall time of the attempt in milliseconds. */
  readonly ms: number
  /**
   * Whether the provider charges for it: unknown for a failure after the request was sent.
   */
  readonly billed: 'yes' | 'no' | 'unknown'
  /**
   * Tokens it is counted with, where its provider may charge for it although it failed, and why
   * they are an estimate.
   */
  readonly usage?: { readonly input: number; readonly output: number; readonly because?: string }
}

export interface ErrorDetails {
  /**
   * HTTP status sent to the client instead of the table's: a provider's own 4xx keeps its number.
   */
  readonly status?: number
  /** HTTP status the provider answered with. */
  readonly upstreamStatus?: number
  /** Dotted path of the request field at fault, as in OpenAI's `param`. */
  readonly param?: string
  /** The provider's own `code` or `type`, when clients know it by name. */
  readonly providerCode?: string
  /** The request had left, or was leaving, when the attempt failed. */
  readonly sent?: boolean
  /** Name of the configured provider concerned. */
  readonly provider?: string
  /** Earliest useful moment for another try, in milliseconds from now. */
  readonly retryAfterMs?: number
  /** Time at which the exhausted limit resets, in milliseconds since the epoch. */
  readonly resetsAtMs?: number
  /**
   * Tokens of output for each choice that the same request may ask for with what is left of a
   * budget.
   */
  readonly mostOutputTokens?: number
  /** Response headers this error adds, lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly attempts?: readonly AttemptSummary[]
  /** Logged with secrets removed, never sent. */
  readonly cause?: unknown
}

/**
 * The one error class of the gateway. `message` is safe to send to a client: text that came from a
 * provider has passed `cleanProviderText` before it gets here.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.details = details
  }

  /** HTTP status for the client. */
  get status(): number {
    return this.details.status ?? errorTable[this.code].status
  }

  /** OpenAI's error `type`. */
  get type(): string {
    return errorTable[this.code].type
  }
}

/**
 * Whether a thrown value is a `GatewayError`, which clients may see. Never throws.
 */
export function isGatewayError(thrown: unknown): thrown is GatewayError {
  try {
    return thrown instanceof GatewayError && Object.hasOwn(errorTable, thrown.code)
  } catch {
    // A proxy that throws when it is looked at is none of ours.
    return false
  }
}

const LONGEST_DESCRIPTION = 4_000

/** A thrown value in words for the log. Never throws, whatever was thrown. */
export function describeThrown(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? String(thrown.stack ?? thrown.message) : String(thrown)
    return text.slice(0, LONGEST_DESCRIPTION)
  } catch {
    return 'a value that cannot be written as text'
  }
}

/**
 * A thrown value as an error that can be looked at: itself, or another one in its words. Never
 * throws.
 */
export function asError(thrown: unknown): Error {
  try {
    if (
      thrown instanceof Error &&
      typeof thrown.message === 'string' &&
      typeof thrown.stack === 'string'
    )
      return thrown
    return new Error(describeThrown(thrown))
  } catch {
    return new Error('a value that cannot be looked at')
  }
}

/** A thrown value in one line, without its stack. Never throws, whatever was thrown. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown).slice(0, LONGEST_DESCRIPTION)
  } catch {
    return 'a value that cannot be written as text'
  }
}

/**
 * Anything thrown, as a `GatewayError`: what we did not foresee becomes `internal_error` with the
 * original as cause.
 */
export function toGatewayError(error: unknown): GatewayError {
  if (isGatewayError(error)) return error
  return new GatewayError('internal_error', 'The gateway failed while handling this request.', {
    cause: error,
  })
}

/** The same error in other words; its stack, which repeats the words, is a new one. */
export function withMessage(error: GatewayError, message: string): GatewayError {
  if (message === error.message) return error
  return new GatewayError(error.code, message, error.details)
}

/** The same error with `redact` applied to every text of it that reaches a client. */
export function redacted(error: GatewayError, redact: (text: string) => string): GatewayError {
  const { param, providerCode, headers } = error.details
  return withDetails(withMessage(error, redact(error.message)), {
    ...(param !== undefined && { param: redact(param) }),
    ...(providerCode !== undefined && { providerCode: redact(providerCode) }),
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, redact(value)]),
      ),
    }),
  })
}

/** The same error with more known about it. */
export function withDetails(error: GatewayError, details: ErrorDetails): GatewayError {
  const enriched = new GatewayError(error.code, error.message, { ...error.details, ...details })
  if (error.stack !== undefined) enriched.stack = error.stack
  return enriched
}
