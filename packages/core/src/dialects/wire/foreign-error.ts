import type { GatewayError } from '../../errors.ts'
import type { JsonObject } from '../model/json-object.ts'
import { asList, asObject, asText, textOfValue } from './json.ts'
import { upstreamError } from './upstream-error.ts'

/**
 * Facts of an error in another vendor's words; `status` only when it names one.
 */
export interface ForeignFacts {
  readonly message: string | undefined
  readonly providerCode: string | undefined
  readonly status: number | undefined
}

const MESSAGES = [
  'message',
  'msg',
  'error_msg',
  'error_message',
  'errorMessage',
  'errmsg',
  'err_msg',
  'errMsg',
  'status_msg',
  'statusMessage',
  'Message',
  'faultstring',
  'error_description',
  'detail',
  'reason',
  'description',
  'title',
]
const CODES = [
  'code',
  'error_code',
  'errorCode',
  'errcode',
  'err_code',
  'errorcode',
  'status_code',
  'statusCode',
  'Code',
  'status',
  'ret',
  'errno',
]
/** Objects that some vendors put the facts into. */
const WRAPPERS = [
  'error',
  'fault',
  'Error',
  'base_resp',
  'header',
  'Response',
  'detail',
  'meta',
  'result',
  'data',
]
/** Fields that exist only in errors. */
const OF_ERRORS: ReadonlySet<string> = new Set(['error', 'fault', 'Error'])
/** Codes that report success. */
const FINE = /^(?:0+|2\d\d|1?0000|20000|ok|success|succeeded|successful|none|null)$/i
const FAILED = /^(?:error|fail|failed|failure)$/i

/**
 * The error in a body that is no answer of its dialect, as vendors write it who keep an envelope of
 * their own around the dialect they imitate: `{code, msg}`,
 * `{base_resp: {status_code, status_msg}}`, `{errors: [...]}`, `{success: false}`. `undefined`
 * where nothing in it says that something went wrong.
 */
export function foreignFacts(body: JsonObject): ForeignFacts | undefined {
  return factsIn(body, 0)
}

/** The foreign error of a body as a `GatewayError`; `undefined` when it carries none. */
export function foreignError(body: JsonObject, provider: string): GatewayError | undefined {
  const facts = foreignFacts(body)
  return facts === undefined
    ? undefined
    : upstreamError({
        ...facts,
        status: facts.status ?? statusOfCode(facts.providerCode) ?? statusOfMessage(facts.message),
        provider,
      })
}

const MAX_DEPTH = 3

function factsIn(body: JsonObject, depth: number): ForeignFacts | undefined {
  const codes = CODES.map((field) => body[field]).filter(
    (code) => typeof code === 'number' || (typeof code === 'string' && code !== ''),
  )
  const bad = codes.filter((code) => !FINE.test(textOfValue(code)))
  const message = MESSAGES.map((field) => asText(body[field])).find((text) => text !== undefined)
  const hasFailed =
    body.success === false ||
    body.ok === false ||
    body.error === true ||
    body.object === 'error' ||
    body.type === 'error' ||
    codes.some((code) => FAILED.test(textOfValue(code)))
  if (message !== undefined && (bad.length > 0 || hasFailed)) {
    const word = [...bad, body.type].find(
      (code) => typeof code === 'string' && !/^\d+$/.test(code) && !FAILED.test(code),
    )
    return {
      message,
      providerCode: asText(word),
      status: bad.map(Number).find((code) => Number.isInteger(code) && code >= 400 && code <= 599),
    }
  }
  const inside = depth < MAX_DEPTH ? inner(body, depth) : undefined
  if (inside !== undefined) return inside
  return hasFailed ? { message, providerCode: undefined, status: undefined } : undefined
}

function inner(body: JsonObject, depth: number): ForeignFacts | undefined {
  for (const item of [...asList(body.errors), ...asList(body.error)]) {
    const text = asText(item)
    if (text !== undefined) return { message: text, providerCode: undefined, status: undefined }
    const object = asObject(item)
    // An entry of a list of errors is one, whether or not it has a code.
    if (object !== undefined) return factsIn({ ...object, success: false }, depth + 1)
  }
  for (const field of WRAPPERS) {
    const object = asObject(body[field])
    const facts =
      object === undefined || Object.keys(object).length === 0
        ? undefined
        : factsIn(OF_ERRORS.has(field) ? { ...object, success: false } : object, depth + 1)
    if (facts !== undefined) return facts
  }
  return undefined
}

/**
 * Errors inside a 200 seldom carry a status; their wording maps to the status the same service
 * would have sent.
 */
const statuses: readonly (readonly [RegExp, number])[] = [
  [/insufficient[ _]?(?:balance|quota|credit|funds)|balance|arrear|billing/i, 402],
  [
    /rate[ _]?limit|too[ _]?many[ _]?requests|throttl|resource[ _]?exhausted|quota|\bqps\b|\b[rt]pm\b/i,
    429,
  ],
  [/overload|unavailable|capacity|busy/i, 503],
  [/unauthori[sz]ed|authenticat|api[ _]?key|credential|invalid[ _]?token/i, 401],
  [/permission|forbidden|access[ _]?denied/i, 403],
  [/model[ _]?not[ _]?(?:found|exist)|does not exist|not[ _]?found/i, 404],
  [
    /invalid|bad[ _]?request|unsupported|context[ _]?length|content[ _]?(?:filter|policy)|validation/i,
    400,
  ],
]

function statusOfCode(code: string | undefined): number | undefined {
  return code === undefined ? undefined : statuses.find(([pattern]) => pattern.test(code))?.[1]
}

/**
 * Number of rows a long message is compared with: sentences mention many things, and a 400 would
 * end the request.
 */
const OF_MESSAGES = 3

/**
 * Maps the wording of an error without a code to a status, 500 by default.
 */
export function statusOfMessage(message: string | undefined): number {
  return message === undefined
    ? 500
    : (statuses.slice(0, OF_MESSAGES).find(([pattern]) => pattern.test(message))?.[1] ?? 500)
}

/** Whether a body carries a code that reports success. */
export function reportsSuccess(body: JsonObject): boolean {
  const codes = CODES.map((field) => body[field]).filter(
    (code) => typeof code === 'number' || (typeof code === 'string' && code !== ''),
  )
  return (
    codes.length > 0 &&
    codes.every((code) => FINE.test(textOfValue(code))) &&
    body.success !== false
  )
}
