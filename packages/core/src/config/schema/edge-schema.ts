import { z } from 'zod'
import type { AdminAction, AdminGuard } from '../../admin/index.ts'
import type { TargetFilter } from '../options.ts'
import { defaults } from './defaults.ts'
import { listed, meta } from './field-meta.ts'
import {
  callback,
  duration,
  durationOrOff,
  logging,
  mountPath,
  optionalSecret,
  size,
  targetFilter,
} from './field-values.ts'
import { SHORTEST_KEY } from './key-schema.ts'
import { limit } from './limit-fields.ts'
import { traceHeaders } from '../../http/index.ts'
import type { RequestRecord } from '../../records/index.ts'

/** Administration of the running gateway. */
export function adminFields() {
  return {
    adminToken: optionalSecret()
      .optional()
      .meta(
        meta({
          isSecret: true,
          type: `string, at least ${SHORTEST_KEY} characters`,
          default: 'none: there is no `/admin`',
          env: 'POSTERN_ADMIN_TOKEN',
          description: 'Opens `/admin/*`, where keys are made and revoked: `docs/admin.md`.',
        }),
      ),
    adminGuard: callback<AdminGuard<never>>()
      .optional()
      .meta(
        meta({
          type: 'function',
          codeOnly: true,
          description:
            "Your own login for `/admin/*`: the name of an administrator from the host framework's request, `{ name, mayChange: false }` for one that may only look, or `null`.",
        }),
      ),
    onAdmin: callback<(act: AdminAction) => void>()
      .optional()
      .meta(
        meta({
          type: 'function',
          codeOnly: true,
          description: 'Called with everything that is done, or tried, on `/admin/*`.',
        }),
      ),
  }
}

/** Options of the gateway as a whole. */
export function edgeFields() {
  const body = "Largest request body. The host's own body parser may have a smaller one."
  return {
    disabled: targetFilter<TargetFilter>()
      .optional()
      .meta(
        meta({
          type: 'list of `provider/model` or `provider/*`, or a function (code only)',
          default: 'none',
          env: 'POSTERN_DISABLED',
          read: 'list',
          description: 'Targets that are not called for now.',
        }),
      ),
    circuitBreaker: z
      .enum(['on', 'off'])
      .optional()
      .meta(
        meta({
          type: '`on` or `off`',
          default: defaults.circuitBreaker,
          env: 'POSTERN_CIRCUIT_BREAKER',
          description: 'Circuit breaker: skips failing and rate-limited targets for a while.',
        }),
      ),
    eventLoopLagLimit: durationOrOff()
      .optional()
      .meta(
        meta({
          type: 'duration, or `off`',
          default: defaults.eventLoopLagLimit,
          env: 'POSTERN_EVENT_LOOP_LAG_LIMIT',
          description:
            "Mean lag of the host's event loop over a second from which requests of the lane `batch` are refused with 503; from twice as much on, all are.",
        }),
      ),
    connectTimeout: limit(duration(), [
      'connectTimeout',
      'POSTERN_CONNECT_TIMEOUT',
      'Until a provider accepts the connection.',
    ]),
    bodyLimit: limit(size(), ['bodyLimit', 'POSTERN_BODY_LIMIT', body]),
    answerLimit: limit(size(), [
      'answerLimit',
      'POSTERN_ANSWER_LIMIT',
      'Largest answer of a provider, streams included.',
    ]),
    eventLimit: limit(size(), [
      'eventLimit',
      'POSTERN_EVENT_LIMIT',
      "Largest single event of a provider's stream.",
    ]),
    prefix: mountPath()
      .optional()
      .meta(
        meta({
          type: 'path',
          default: 'none',
          description:
            "Path the gateway answers below, in addition to the framework's own mount path. Other paths go on to the host.",
        }),
      ),
  }
}

export function observingFields() {
  return {
    log: logging()
      .optional()
      .meta(
        meta({
          type: '`silent`, `error`, `warn`, `info`, `debug`, or a logger (code only)',
          default: defaults.log,
          env: 'POSTERN_LOG',
          description: 'How much is written to standard error.',
        }),
      ),
    forwardTrace: z
      .array(z.enum(traceHeaders))
      .optional()
      .meta(
        meta({
          type: `list of ${listed(traceHeaders)}`,
          default: 'none',
          env: 'POSTERN_FORWARD_TRACE',
          read: 'list',
          description:
            "Headers of the host's request that every provider is sent; without an `x-request-id` of the host, the gateway's own id.",
        }),
      ),
    onRecord: callback<(record: RequestRecord) => void>()
      .optional()
      .meta(
        meta({
          type: 'function',
          codeOnly: true,
          description: 'Called with the record of every request, when it has ended.',
        }),
      ),
  }
}
