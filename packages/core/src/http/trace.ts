import type { TraceHeader } from './trace-headers.ts'
import type { GatewayRequest } from './request.ts'

/**
 * The host's ids of the request. Never an identity of the gateway: limits and records
 * have their own ids.
 */
export interface Trace {
  /**
   * The host's id of the request: what its middleware set on the response, else the header
   * `x-request-id`, else `request.id`. At most 128 characters.
   */
  readonly hostRequestId?: string
  /** As the header, W3C Trace Context: `00-<trace id>-<parent id>-<flags>`. */
  readonly traceparent?: string
  readonly tracestate?: string
}

const NO_TRACE: Trace = Object.freeze({})

/** The host's ids of a request; values that are no ids are left out. */
export function readTrace(request: GatewayRequest): Trace {
  const given = request.requestId ?? request.header('x-request-id')
  const parent = request.header('traceparent')
  if (given === undefined && parent === undefined) return NO_TRACE
  const hostRequestId = given !== undefined && REQUEST_ID.test(given) ? given : undefined
  const traceparent = parent !== undefined && isTraceparent(parent) ? parent : undefined
  // Without the parent the state means nothing (W3C Trace Context, 3.3).
  const state = traceparent === undefined ? undefined : request.header('tracestate')
  const tracestate = state !== undefined && TRACESTATE.test(state) ? state : undefined
  return {
    ...(hostRequestId !== undefined && { hostRequestId }),
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
  }
}

/** Nothing that could break a header or a log line, and nothing longer than an id. */
const REQUEST_ID = /^[\w.:/+=@-]{1,128}$/

/**
 * W3C Trace Context, 3.2: version ff is invalid, version 00 has four parts, later ones may have
 * more.
 */
const TRACEPARENT =
  /^(?!ff)([\da-f]{2})-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.{0,100})?$/

/**
 * W3C Trace Context, 3.3: printable ASCII, of which at least 512 characters are to be passed on.
 */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/

function isTraceparent(value: string): boolean {
  const match = TRACEPARENT.exec(value)
  return match !== null && (match[1] !== '00' || match[2] === undefined)
}

/**
 * The headers of `names` for a provider; `undefined` where none is sent. @param id the gateway's
 * own, sent where the host has none
 */
export function headersOfTrace(
  { hostRequestId, traceparent, tracestate }: Trace,
  names: ReadonlySet<TraceHeader>,
  id: string,
): Readonly<Record<string, string>> | undefined {
  if (names.size === 0) return undefined
  return {
    ...(names.has('x-request-id') && { 'x-request-id': hostRequestId ?? id }),
    ...(names.has('traceparent') && traceparent !== undefined && { traceparent }),
    ...(names.has('tracestate') && tracestate !== undefined && { tracestate }),
  }
}
