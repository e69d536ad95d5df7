import { readUsage, type Usage } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import type { KnownCaller } from '../identity/index.ts'
import { callerOf, type RequestRecord, usageOf } from './record.ts'

type Json = Record<string, unknown>

/** A call that went around the gateway while it was not there, as `@postern/client` reports it. */
export interface UsageReport {
  readonly id: string
  /** ISO 8601. */
  readonly at: string
  readonly provider: string
  readonly model: string
  readonly status: number
  readonly usage: Usage | undefined
}

const MOST_REPORTS = 100
/** Tokens of each kind that one call may have taken: more than any model holds. */
const MOST_TOKENS = 10_000_000

/**
 * The reports of a body. Throws `invalid_request` with the place of the first thing that is wrong;
 * then none is taken.
 */
export function readReports(body: Json): UsageReport[] {
  const { reports } = body
  if (!Array.isArray(reports) || reports.length === 0 || reports.length > MOST_REPORTS)
    throw wrong('reports', `a list of 1 to ${MOST_REPORTS} reports`)
  return reports.map((report: unknown, at) => readReport(report, `reports[${at}]`))
}

function readReport(report: unknown, path: string): UsageReport {
  const { id, at, provider, model, status, usage } = objectAt(report, path)
  if (typeof id !== 'string' || !/^[\w.:-]{1,100}$/.test(id))
    throw wrong(`${path}.id`, 'up to 100 letters, digits, ".", ":", "_" and "-"')
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at)))
    throw wrong(`${path}.at`, 'a time in ISO 8601')
  if (typeof provider !== 'string' || !/^[\w-]{1,100}$/.test(provider))
    throw wrong(`${path}.provider`, 'the name of a provider')
  if (typeof model !== 'string' || model.length > 300) throw wrong(`${path}.model`, 'a model id')
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 100 || status > 599)
    throw wrong(`${path}.status`, 'an HTTP status')
  return {
    id,
    at,
    provider,
    model,
    status,
    usage:
      usage === undefined
        ? undefined
        : countedAt(objectAt(usage, `${path}.usage`), `${path}.usage`),
  }
}

function countedAt(native: Json, path: string): Usage | undefined {
  const usage = readUsage(native)
  const {
    inputTokens = 0,
    outputTokens = 0,
    cachedTokens = 0,
    cacheWriteTokens = 0,
    reasoningTokens = 0,
  } = usage ?? {}
  if (
    Math.max(inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens) <=
    MOST_TOKENS
  )
    return usage
  throw wrong(path, `counts of up to ${MOST_TOKENS} tokens`)
}

function objectAt(value: unknown, path: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(path, 'an object')
  return value as Json
}

function wrong(param: string, expected: string): GatewayError {
  return new GatewayError('invalid_request', `${param} must be ${expected}.`, { param })
}

/** Record of a reported call, as far as the report knows it. */
export function recordOfReport(
  { id, at, provider, model, status, usage }: UsageReport,
  caller: KnownCaller | undefined,
): RequestRecord {
  return {
    id,
    at: new Date(at).toISOString(),
    endpoint: 'bypass',
    ...(caller === undefined ? {} : { caller: callerOf(caller), credential: caller.credential }),
    target: `${provider}/${model}`,
    stream: false,
    status,
    code: status < 400 ? 'ok' : 'provider_error',
    attempts: [],
    ...(usage === undefined ? {} : { usage: usageOf(usage) }),
    finishReasons: [],
    dropped: [],
    degraded: ['bypass'],
    timings: { totalMs: 0 },
  }
}
