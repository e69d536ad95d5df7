import type { JsonObject } from '../../model/json-object.ts'
import type { UpstreamErrorFacts } from '../../wire/upstream-error.ts'
import { asList, asObject, parseFirstObject, asText } from '../../wire/json.ts'

/** Facts of an error body; `status` only when the body itself names one. */
export type ErrorFacts = Pick<UpstreamErrorFacts, 'message' | 'providerCode' | 'param'> & {
  readonly status?: number | undefined
}

/**
 * Finds the facts in the error bodies that services of this dialect send: `{error: {...}}` with
 * string, numeric or no code, `{error: "text"}` with a code beside it, `{detail}`, `{message}`,
 * `{object: "error"}`. `undefined` when the body names no error.
 */
export function errorFactsOf(body: JsonObject): ErrorFacts | undefined {
  if (typeof body.error === 'string' && body.error !== '') return flatFacts(body, body.error)
  const error = asObject(body.error)
  if (error !== undefined) return Object.keys(error).length === 0 ? undefined : nestedFacts(error)
  const message = asText(body.detail) ?? detailText(body.detail) ?? asText(body.message)
  if (message !== undefined) return flatFacts(body, message)
  const inner = asObject(body.detail) ?? asObject(body.message)
  if (inner !== undefined) return errorFactsOf(inner)
  return body.object === 'error' || body.type === 'error' ? flatFacts(body, undefined) : undefined
}

function flatFacts(body: JsonObject, message: string | undefined): ErrorFacts {
  return {
    message,
    providerCode: wordOf([body.code, body.type]),
    param: asText(body.param),
    status: statusIn([body.code, body.status]),
  }
}

function nestedFacts(error: JsonObject): ErrorFacts {
  return {
    message: messageOf(error),
    providerCode: wordOf([error.code, error.type, error.status]),
    param: asText(error.param),
    status: statusIn([error.code, error.status, error.status_code]),
  }
}

/**
 * Routers wrap the text of the service behind them; without it "Provider returned error" helps
 * no client.
 */
function messageOf(error: JsonObject): string | undefined {
  const message = asText(error.message)
  const raw = asText(asObject(error.metadata)?.raw)
  if (raw === undefined) return message
  return message === undefined ? rawText(raw) : `${message}: ${rawText(raw)}`
}

function rawText(raw: string): string {
  const parsed = parseFirstObject(raw)
  return (parsed && errorFactsOf(parsed)?.message) ?? raw
}

/** The list of problems a validating server answers with: `{detail: [{loc, msg}]}`. */
function detailText(detail: unknown): string | undefined {
  const texts = asList(detail).flatMap((item) => asText(asObject(item)?.msg) ?? [])
  return texts.length === 0 ? undefined : texts.join('; ')
}

const GENERIC =
  /^(invalid_request_error|api_error|error|invalid_request|invalid-argument|None|null)$/
const NUMBER = /^\d+$/

/**
 * The word that says most: one that names a cause before one that names a family, never a number.
 */
function wordOf(candidates: readonly unknown[]): string | undefined {
  const words = candidates
    .flatMap((candidate) => asText(candidate) ?? [])
    .filter((word) => !NUMBER.test(word))
  return words.find((word) => !GENERIC.test(word)) ?? words[0]
}

function statusIn(candidates: readonly unknown[]): number | undefined {
  for (const candidate of candidates) {
    const status =
      typeof candidate === 'string' && NUMBER.test(candidate) ? Number(candidate) : candidate
    if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599)
      return status
  }
  return undefined
}

/**
 * Errors inside a 200 seldom carry a number; their word stands for the status the same service
 * would have answered.
 */
const wordStatus: readonly (readonly [RegExp, number])[] = [
  [/rate_?limit|too_?many_?requests|throttl|resource_?exhausted|quota/i, 429],
  [/overloaded|unavailable|capacity|insufficient_system_resource/i, 503],
  [/auth|api_?key|credential/i, 401],
  [/permission|forbidden/i, 403],
  [/model_?not_?found|not_?found/i, 404],
  [
    /invalid|bad_?request|unsupported|context_?length|content_?(filter|policy)|tool_use_failed|validation/i,
    400,
  ],
]

export function statusOfWord(word: string): number {
  return wordStatus.find(([pattern]) => pattern.test(word))?.[1] ?? 500
}
