import { GatewayError, withDetails } from '../../../errors.ts'
import type { ErrorResponse } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { foreignError, foreignFacts, statusOfMessage } from '../../wire/foreign-error.ts'
import { asList, asObject, asText, parseFirstObject, textOfValue } from '../../wire/json.ts'
import { upstreamError, type UpstreamErrorFacts } from '../../wire/upstream-error.ts'

/**
 * The error of a non-2xx answer: JSON of this dialect or of a server before it, HTML, or nothing.
 */
export function readError(response: ErrorResponse): GatewayError {
  const { status, provider } = response
  const body = parseFirstObject(response.body)
  if (body === undefined) return upstreamError({ message: response.body, status, provider })
  const facts = factsOf(body)
  // A model it does not know is a 400 here, where every other interface says 404.
  const error = upstreamError({
    ...facts,
    status: facts.providerCode === 'model_not_found' ? 404 : status,
    provider,
  })
  return withDetails(error, { upstreamStatus: status })
}

/**
 * The error a body or a stream event with status 200 carries, `undefined` when it carries none.
 * Events come flat, as they are documented, and with an object `error`, as they are sent.
 */
export function errorInAnswer(body: JsonObject, provider: string): GatewayError | undefined {
  const named = body.error !== undefined && body.error !== null
  if (named || body.type === 'error') return errorOf(body, provider)
  return asText(body.type)?.startsWith('response.') === true || Array.isArray(body.output)
    ? undefined
    : foreignError(body, provider)
}

/** The error of a response that did not come to its end, `undefined` for one that did. */
export function mapFailure(response: JsonObject, provider: string): GatewayError | undefined {
  const error = errorInAnswer(response, provider)
  if (error !== undefined) return error
  switch (response.status) {
    case 'failed':
    case 'cancelled':
      return new GatewayError(
        'provider_error',
        `${provider} ${response.status === 'failed' ? 'failed to answer' : 'cancelled its answer'}.`,
        { provider },
      )
    case 'in_progress':
    case 'queued':
      return invalidAnswer(`sent an answer that is not finished (${response.status})`, provider)
    default:
      return undefined
  }
}

/** The error of an event named `error` whose data is not JSON. */
export function plainError(message: string, provider: string): GatewayError {
  return upstreamError({ message, status: 500, provider })
}

/** The answer is none of this dialect. `what` reads after the provider's name: `sent ...`. */
export function invalidAnswer(what: string, provider: string): GatewayError {
  return new GatewayError('upstream_invalid', `${provider} ${what}.`, { provider })
}

function errorOf(body: JsonObject, provider: string): GatewayError {
  const facts = factsOf(body)
  return upstreamError({
    ...facts,
    status:
      facts.status ??
      (facts.providerCode === undefined
        ? statusOfMessage(facts.message)
        : statusOfCode(facts.providerCode)),
    provider,
  })
}

type Facts = Pick<UpstreamErrorFacts, 'message' | 'providerCode' | 'param'> & {
  readonly status: number | undefined
}

/** The words of a family; a code beside them says more. */
const FAMILY = /^(?:invalid_request_error|api_error|error|invalid-argument)$/
const NUMBER = /^[45]\d\d$/
/** Codes of this provider's own content policies. */
const POLICY_CODE = /^(?:bio_policy|cyber_policy|image_content_policy_violation)$/
const POLICY_TEXT = /flagged as potentially violating/i

function factsOf(body: JsonObject): Facts {
  const error = asObject(body.error) ?? asObject(body.detail) ?? body
  const message =
    asText(error.message) ??
    asText(body.error) ??
    asText(body.detail) ??
    problemsOf(body.detail) ??
    foreignFacts(body)?.message
  const candidates = [error.code, error.type, error.status]
  const words = candidates
    .flatMap((candidate) => asText(candidate) ?? [])
    .filter((word) => !NUMBER.test(word))
  const word = words.find((candidate) => !FAMILY.test(candidate)) ?? words[0]
  const number = candidates
    .map(Number)
    .find((candidate) => Number.isInteger(candidate) && NUMBER.test(textOfValue(candidate)))
  const isPolicy = POLICY_CODE.test(word ?? '') || POLICY_TEXT.test(message ?? '')
  return {
    message,
    providerCode: isPolicy ? 'content_policy_violation' : word,
    param: asText(error.param),
    status: number,
  }
}

/** The list of problems a validating server answers with: `{detail: [{loc, msg}]}`. */
function problemsOf(detail: unknown): string | undefined {
  const texts = asList(detail).flatMap((problem) => asText(asObject(problem)?.msg) ?? [])
  return texts.length === 0 ? undefined : texts.join('; ')
}

/**
 * The status an error inside a 200 would have had as an answer of its own; the first row that fits
 * counts.
 */
const statuses: readonly (readonly [RegExp, number])[] = [
  [/rate_?limit|quota|too_?many_?requests/i, 429],
  [/overloaded|unavailable|capacity/i, 503],
  [/auth|api_?key/i, 401],
  [/permission|forbidden/i, 403],
  [/model_not_found/i, 404],
  [/^invalid|policy|image|context_length|unsupported|not_found|data_residency/i, 400],
]

function statusOfCode(code: string): number {
  return statuses.find(([pattern]) => pattern.test(code))?.[1] ?? 500
}
