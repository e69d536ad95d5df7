import { z } from 'zod'
import { defaults } from './defaults.ts'
import { meta } from './field-meta.ts'
import { address, callback, storePlace } from './field-values.ts'
import { limitsSchema } from './limit-schema.ts'
import type { LimitAlert } from '../../limits/index.ts'
import type { Store } from '../../storage/index.ts'

/** Limits and budgets, and the store that counts them. */
export function admissionFields() {
  const failMode = z.enum(['closed', 'open', 'local']).optional()
  return {
    limits: limitsSchema()
      .optional()
      .meta(
        meta({
          type: 'list of objects',
          default: 'none',
          description:
            'Limits and budgets. A request takes from every limit in its scope in one step, or is refused before a provider is called.',
        }),
      ),
    prices: z
      .record(
        z.string().regex(/^[^/\s]+\/\S+$/, { error: 'Write "provider/model" or "provider/*".' }),
        priceSchema(),
      )
      .optional()
      .meta(
        meta({
          type: 'object by `provider/model` or `provider/*`',
          default: 'those of the list that comes with the gateway',
          description:
            'Dollars for a million tokens: `{ input, output, cached, cacheWrite, cacheWriteHour }`; `surcharge` in dollars for a request that asks for what tokens do not pay for. A model without a price is refused where a hard limit in `usd` applies.',
        }),
      ),
    onAlert: callback<(alert: LimitAlert) => void>()
      .optional()
      .meta(
        meta({
          type: 'function',
          codeOnly: true,
          description: 'Called when so much of a limit is used that its `alertAt` says so.',
        }),
      ),
    alertWebhook: address()
      .optional()
      .meta(
        meta({
          isSecret: true,
          type: 'URL',
          default: 'none',
          env: 'POSTERN_ALERT_WEBHOOK',
          description: 'Address that the same is sent to, as JSON.',
        }),
      ),
    wrongKeysPerAddress: perMinute(
      '20',
      'POSTERN_WRONG_KEYS_PER_ADDRESS',
      'Wrong keys and tokens that one address (of IPv6, one /64) may send within a minute; more are answered 429. A right one is let in at any time. Wrong admin tokens are counted apart, by the same limits.',
    ),
    wrongKeys: perMinute('1000', 'POSTERN_WRONG_KEYS', 'The same for all addresses together.'),
    adminRequests: perMinute(
      '600',
      'POSTERN_ADMIN_REQUESTS',
      'Requests to `/admin` that one administrator may make within a minute; more are answered 429.',
    ),
    loopLimit: z
      .int()
      .min(2)
      .max(1_000)
      .optional()
      .meta(
        meta({
          type: 'number, 2 to 1000',
          default: 'never',
          env: 'POSTERN_LOOP_LIMIT',
          read: 'number',
          description:
            'A conversation that ends with the same tool calls with the same arguments this many times in a row is refused with 403 `loop_detected`.',
        }),
      ),
    store: storePlace<Store>()
      .optional()
      .meta(
        meta({
          type: '`memory`, `sqlite:path`, `redis://...`, or a store (code only)',
          default: '`REDIS_URL` when it is set and `@postern/redis` is installed, or `memory`',
          env: 'POSTERN_STORE',
          description:
            'Where what was used is counted. In memory, every process counts for itself.',
        }),
      ),
    limitsWithoutStore: failMode.meta(
      meta({
        type: '`local`, `open` or `closed`',
        default: defaults.limitsWithoutStore,
        env: 'POSTERN_LIMITS_WITHOUT_STORE',
        description:
          'While the store cannot be asked, limits of requests, tokens and concurrency are counted by each process alone, or let every request in, or none.',
      }),
    ),
    budgetsWithoutStore: failMode.meta(
      meta({
        type: '`closed`, `open` or `local`',
        default: defaults.budgetsWithoutStore,
        env: 'POSTERN_BUDGETS_WITHOUT_STORE',
        description: 'The same for hard limits in `usd`.',
      }),
    ),
  }
}

function priceSchema() {
  const price = z.number().min(0).max(1_000_000)
  return z.strictObject({
    input: price,
    output: price,
    cached: price.optional(),
    cacheWrite: price.optional(),
    cacheWriteHour: price.optional(),
    surcharge: price.optional(),
  })
}

/** A count within a minute. */
function perMinute(byDefault: string, env: string, description: string) {
  return z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .meta(
      meta({ type: 'number, 1 to 1000000', default: byDefault, env, read: 'number', description }),
    )
}
