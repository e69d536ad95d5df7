import { bodyOf, type MatchedEndpoint, type OperationEndpoint } from '../api/index.ts'
import { countEarly } from '../billing/index.ts'
import type { Operation } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import type { Runtime } from '../gateway/runtime.ts'
import { type GatewayRequest, readJsonBody } from '../http/index.ts'
import { SMALL_JSON_BYTES } from '../json/scan.ts'
import type { Unit } from '../limits/index.ts'
import type { Exchange } from './exchange.ts'

/** A slow body takes no concurrency place while it arrives; a body that is parsed does. */
export const BEFORE_READING: ReadonlySet<Unit> = new Set(['requests'])

const BEFORE_PARSING: ReadonlySet<Unit> = new Set(['requests', 'concurrency'])

/** Whether the body may be large, as far as its headers tell. */
function isLarge(request: GatewayRequest): boolean {
  return (
    Number(request.header('content-length') ?? 0) > SMALL_JSON_BYTES ||
    request.header('transfer-encoding') !== undefined
  )
}

/** Longest name of a model or route: names go into counters, headers and records. */
const LONGEST_MODEL = 256

function refuseLongModel({ model }: Operation): void {
  if (model === undefined || model.length <= LONGEST_MODEL) return
  throw new GatewayError(
    'invalid_request',
    `The model name has ${model.length} characters, the limit is ${LONGEST_MODEL}.`,
    { param: 'model' },
  )
}

interface Matched {
  readonly request: GatewayRequest
  readonly match: MatchedEndpoint
  readonly endpoint: OperationEndpoint
}

/** Reads the body and parses it into an operation. Large bodies are counted against limits first. */
export async function readOperation(
  runtime: Runtime,
  exchange: Exchange,
  { request, match, endpoint }: Matched,
): Promise<Operation> {
  const { bodyLimitBytes } = runtime
  let operation: Operation
  if (endpoint.body === 'json') {
    const body = await readJsonBody(request, bodyLimitBytes, {
      turns: runtime.dispatch.turns,
      beforeLarge: () => countEarly(runtime, exchange, BEFORE_PARSING),
    })
    if (body.bytes === undefined) runtime.onHostParsedBody()
    operation = endpoint.read({
      ...bodyOf(match, body),
      params: match.params,
      query: new URLSearchParams(request.search),
      header: (name) => request.header(name),
    })
  } else {
    if (isLarge(request)) await countEarly(runtime, exchange, BEFORE_READING)
    operation = await endpoint.read({ request, params: match.params, bodyLimitBytes })
  }
  refuseLongModel(operation)
  return operation
}
