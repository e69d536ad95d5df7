import { GatewayError, withDetails } from '../../../errors.ts'
import type { ErrorResponse } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { isObject, parseObject, asText } from '../../wire/json.ts'
import { upstreamError } from '../../wire/upstream-error.ts'

interface ErrorKind {
  /** HTTP status the error comes with when it is an answer of its own. */
  readonly status: number
  /** Word that distinguishes it from others of its status. */
  readonly code?: string
  /** The model failed, not the request: another attempt may help, which the status does not say. */
  readonly isModelsFault?: boolean
}

const credentials: ErrorKind = { status: 403, code: 'authentication_error' }

/**
 * Errors by their type in lower case and without `Exception`, as answers and streams name them
 * differently.
 */
const kinds: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ['validation', { status: 400 }],
  ['conflict', { status: 400 }],
  ['servicequotaexceeded', { status: 400, code: 'insufficient_quota' }],
  ['accessdenied', { status: 403 }],
  ['resourcenotfound', { status: 404 }],
  ['modeltimeout', { status: 408 }],
  ['modelerror', { status: 424, isModelsFault: true }],
  ['modelstreamerror', { status: 424, isModelsFault: true }],
  ['modelnotready', { status: 429 }],
  ['throttling', { status: 429 }],
  ['internalserver', { status: 500 }],
  ['serviceunavailable', { status: 503 }],
  // Of the signature, before any service looks at the request.
  ['unrecognizedclient', credentials],
  ['invalidsignature', credentials],
  ['incompletesignature', credentials],
  ['invalidclienttokenid', credentials],
  ['missingauthenticationtoken', credentials],
  ['expiredtoken', credentials],
  ['requestexpired', credentials],
])

/** A refused key has the same type as a forbidden action; only the message differs. */
const CREDENTIALS_TEXT = /api key|security token|bearer token|authentication failed|signature/i
/** Phrases of some models for a prompt that is too long, in addition to the common ones. */
const CONTEXT_TEXT =
  /input tokens? exceeded|exceeds (the )?max(imum)? (input )?(length|tokens)|too many input tokens|input length and .max_tokens. exceed/i

/**
 * The error of a non-2xx answer: `{"message"}` with its type in a header, HTML of a server before
 * it, or nothing.
 */
export function readError(response: ErrorResponse): GatewayError {
  const body = parseObject(response.body)
  const type =
    asText(response.headers['x-amzn-errortype']) ?? asText(body?.__type) ?? asText(body?.code)
  const message = body === undefined ? response.body : messageOf(body)
  return errorOf({
    type: plainType(type),
    message,
    status: response.status,
    provider: response.provider,
  })
}

/** The error an exception inside a stream with status 200 stands for. */
export function exceptionInStream(type: string, payload: string, provider: string): GatewayError {
  const body = parseObject(payload)
  return errorOf({
    type: plainType(type),
    message: body === undefined ? payload : messageOf(body),
    provider,
  })
}

/** The error a body with status 200 carries. */
export function errorInAnswer(body: JsonObject, provider: string): GatewayError {
  return errorOf({ type: plainType(asText(body.__type)), message: messageOf(body), provider })
}

/**
 * The error of an answer that is not of this dialect. `what` reads after the provider's name:
 * `sent ...`.
 */
export function invalidAnswer(what: string, provider: string): GatewayError {
  return new GatewayError('upstream_invalid', `${provider} ${what}.`, { provider })
}

interface Facts {
  readonly type: string | undefined
  readonly message: string | undefined
  /** Absent inside a stream. */
  readonly status?: number
  readonly provider: string
}

function errorOf({ type, message = '', status, provider }: Facts): GatewayError {
  const kind = kinds.get(type?.toLowerCase().replace(/exception$/, '') ?? '')
  const upstreamStatus = status ?? kind?.status ?? 500
  const error = upstreamError({
    message,
    providerCode: codeOf(kind, upstreamStatus, message) ?? type,
    // 424 is the client's fault by its number only.
    status: kind?.isModelsFault === true || upstreamStatus === 424 ? 500 : upstreamStatus,
    provider,
  })
  return withDetails(error, {
    upstreamStatus,
    ...(type === undefined ? {} : { providerCode: type }),
  })
}

function codeOf(kind: ErrorKind | undefined, status: number, message: string): string | undefined {
  if (status === 403 && CREDENTIALS_TEXT.test(message)) return credentials.code
  if (status !== 429 && CONTEXT_TEXT.test(message)) return 'context_length_exceeded'
  return kind?.code
}

/**
 * `UnrecognizedClientException:http://internal...` and `com.amazon.coral#Exception` name the same
 * thing in the same place.
 */
function plainType(type: string | undefined): string | undefined {
  return asText(type?.split(':')[0]?.split('#').at(-1))
}

function messageOf(body: JsonObject): string | undefined {
  const error = isObject(body.error) ? body.error : {}
  return (
    asText(body.message) ??
    asText(body.Message) ??
    asText(body.originalMessage) ??
    asText(error.message)
  )
}
