import { z } from 'zod'
import { defaults } from './defaults.ts'
import { fallbackReasons } from './fallback-reasons.ts'
import { listed, meta } from './field-meta.ts'
import { duration } from './field-values.ts'

/** Options that the gateway sets for all routes and a route may override. */
export function limitFields() {
  return {
    retries: z
      .int()
      .min(0)
      .max(10)
      .optional()
      .meta(
        meta({
          type: 'number, 0 to 10',
          default: String(defaults.retries),
          env: 'POSTERN_RETRIES',
          read: 'number',
          description:
            'Attempts after the first, over all targets of a route. Unset, a longer chain is tried to its end.',
        }),
      ),
    timeout: limit(duration(), [
      'timeout',
      'POSTERN_TIMEOUT',
      'The whole request: all attempts and the waits between them.',
    ]),
    attemptTimeout: duration()
      .optional()
      .meta(
        meta({
          type: 'duration',
          default:
            "4 times the target's p95, at least 1m, at most half of what is left of `timeout`; none for the last target",
          env: 'POSTERN_ATTEMPT_TIMEOUT',
          description:
            'One attempt at a whole answer, from the request to the last byte. Then the next target is asked. Streams have `ttftTimeout` and `idleTimeout`.',
        }),
      ),
    ttftTimeout: limit(duration(), [
      'ttftTimeout',
      'POSTERN_TTFT_TIMEOUT',
      'Until a provider sends the first content of a stream.',
    ]),
    idleTimeout: limit(duration(), [
      'idleTimeout',
      'POSTERN_IDLE_TIMEOUT',
      'Between two events of a stream.',
    ]),
    unsupported: z
      .enum(['reject', 'drop'])
      .optional()
      .meta(
        meta({
          type: '`reject` or `drop`',
          default: defaults.unsupported,
          env: 'POSTERN_UNSUPPORTED',
          description:
            'Parts and tools a target cannot take: refused with 400, or left out and named in `x-postern-dropped`.',
        }),
      ),
    fallbackOn: z
      .array(z.enum(fallbackReasons))
      .optional()
      .meta(
        meta({
          type: `list of ${listed(fallbackReasons)}`,
          default: 'none',
          env: 'POSTERN_FALLBACK_ON',
          read: 'list',
          description:
            'Failures that end a request unless they are listed here: then the next target of the route is asked.',
        }),
      ),
    overBudget: z
      .enum(['refuse', 'bound'])
      .optional()
      .meta(
        meta({
          type: '`refuse` or `bound`',
          default: defaults.overBudget,
          env: 'POSTERN_OVER_BUDGET',
          description:
            'A request that is larger than what a hard budget has left: refused with the number of output tokens it may ask for, or bounded to that number.',
        }),
      ),
    onClientLeave: z
      .enum(['cancel', 'finish'])
      .optional()
      .meta(
        meta({
          type: '`cancel` or `finish`',
          default: defaults.onClientLeave,
          env: 'POSTERN_ON_CLIENT_LEAVE',
          description:
            'An answer whose client leaves: its call ends and what it may have cost is counted, or it is read to its end, for a minute and up to `answerLimit`, and its usage is counted.',
        }),
      ),
  }
}

type Limit =
  | 'timeout'
  | 'ttftTimeout'
  | 'idleTimeout'
  | 'connectTimeout'
  | 'bodyLimit'
  | 'answerLimit'
  | 'eventLimit'

export function limit(
  value: ReturnType<typeof duration>,
  [name, env, description]: readonly [name: Limit, env: string, description: string],
) {
  const type = name.endsWith('Limit') ? 'size' : 'duration'
  return value.optional().meta(meta({ type, default: defaults[name], env, description }))
}
