import { GatewayError } from '../../../errors.ts'
import type { ErrorResponse } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { foreignError, foreignFacts, statusOfMessage } from '../../wire/foreign-error.ts'
import { upstreamError } from '../../wire/upstream-error.ts'
import { asObject, parseObject, asText } from '../../wire/json.ts'
import { STATUS_OF_TYPE } from '../error-types.ts'

/** Messages and their events. */
const OWN_TYPE = /^(?:message|content_block|ping)/

/** An account without credit gets status 400. */
const OUT_OF_CREDIT =
  /credit balance is too low|reached your specified (API|workspace)? ?usage limits/i

/**
 * The error of a non-2xx answer: JSON of the dialect or of a server before it, HTML, or nothing.
 */
export function readError(response: ErrorResponse): GatewayError {
  const body = parseObject(response.body)
  const facts = body === undefined ? { message: response.body } : factsOf(body)
  return upstreamError({ ...facts, status: response.status, provider: response.provider })
}

/** The error a body or a stream event with status 200 carries, `undefined` when it carries none. */
export function errorInAnswer(body: JsonObject, provider: string): GatewayError | undefined {
  if (body.type !== 'error' && !body.error)
    return OWN_TYPE.test(asText(body.type) ?? '') || Array.isArray(body.content)
      ? undefined
      : foreignError(body, provider)
  const type = asText(asObject(body.error)?.type)
  const facts = factsOf(body)
  return upstreamError({
    ...facts,
    status:
      STATUS_OF_TYPE.get(type ?? '') ?? (type === undefined ? statusOfMessage(facts.message) : 500),
    provider,
  })
}

/** The error of an event named `error` whose data is not JSON. */
export function plainError(message: string, provider: string): GatewayError {
  return upstreamError({ message, status: 500, provider })
}

/**
 * The error of an answer that is not of this dialect. `what` reads after the provider's name:
 * `sent ...`.
 */
export function invalidAnswer(what: string, provider: string): GatewayError {
  return new GatewayError('upstream_invalid', `${provider} ${what}.`, { provider })
}

interface Facts {
  readonly message?: string | undefined
  readonly providerCode?: string | undefined
}

function factsOf(body: JsonObject): Facts {
  const error = asObject(body.error)
  const foreign = foreignFacts(body)
  const message =
    asText(error?.message) ??
    asText(body.error) ??
    asText(body.message) ??
    asText(body.detail) ??
    foreign?.message
  if (message !== undefined && OUT_OF_CREDIT.test(message))
    return { message, providerCode: 'billing_error' }
  return {
    message,
    providerCode:
      asText(asObject(error?.details)?.error_code) ?? asText(error?.type) ?? foreign?.providerCode,
  }
}
