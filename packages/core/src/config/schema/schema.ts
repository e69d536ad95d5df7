import { z } from 'zod'
import type { AdminAction, AdminGuard } from '../../admin/index.ts'
import { attributes, type HostIdentify } from '../../identity/index.ts'
import type { RequestRecord } from '../../records/index.ts'
import type { LimitAlert } from '../../limits/index.ts'
import { dialectNames } from '../../providers/index.ts'
import { cloudFields } from './cloud-fields.ts'
import { defaults } from './defaults.ts'
import { listed, meta } from './field-meta.ts'
import {
  address,
  callback,
  duration,
  durationOrOff,
  endpointPath,
  forEachAttribute,
  headers,
  hedgeDelay,
  keyPool,
  listOrText,
  logging,
  mountPath,
  optionalSecret,
  secret,
  size,
  storePlace,
  targetFilter,
} from './field-values.ts'
import type { Store } from '../../storage/index.ts'
import type { TargetFilter } from '../options.ts'
import { limit, limitFields } from './limit-fields.ts'
import { jwtSchema } from './jwt-schema.ts'
import { keyLimitsSchema, limitsSchema, providerLimitsSchema } from './limit-schema.ts'
import { traceHeaders } from '../../http/index.ts'
import { quirksSchema } from './quirks-schema.ts'

/** Anything shorter could be guessed by trying. */
export const SHORTEST_KEY = 16

/**
 * The schema of everything users type, in code, file and environment. Built on the first call, then
 * kept.
 */
export const optionsSchema = once(buildSchema)

export type ParsedOptions = z.output<ReturnType<typeof buildSchema>>
export type ParsedProvider = NonNullable<ParsedOptions['providers']>[string]
export type ParsedRoute = NonNullable<ParsedOptions['routes']>[string]
export type ParsedLimit = NonNullable<ParsedOptions['limits']>[number]
export type ParsedKey = NonNullable<ParsedOptions['keys']>[string]

function buildSchema() {
  return z.strictObject({
    ...recordFields(),
    auth: z
      .enum(['keys', 'none'])
      .optional()
      .meta(
        meta({
          type: '`keys` or `none`',
          default: defaults.auth,
          env: 'POSTERN_AUTH',
          description: '`keys` asks every caller for an identity; `none` lets everybody in.',
        }),
      ),
    identify: callback<HostIdentify<never>>()
      .optional()
      .meta(
        meta({
          type: 'function',
          codeOnly: true,
          description:
            "Your own login: the caller, from the host framework's request. `null`, `undefined` or `false` falls back to virtual keys; any other answer without an `id` is refused with 500 `identify_failed`.",
        }),
      ),
    jwt: jwtSchema()
      .optional()
      .meta(
        meta({
          type: 'object',
          default: 'none',
          description:
            'Tokens of an identity provider as credentials of callers, beside virtual keys. Needs the package `jose`.',
        }),
      ),
    ...adminFields(),
    ...limitFields(),
    ...admissionFields(),
    ...edgeFields(),
    ...observingFields(),
    config: z
      .string()
      .min(1)
      .optional()
      .meta(
        meta({
          type: 'path',
          default: 'none',
          env: 'POSTERN_CONFIG',
          description: 'YAML or JSON file with these same options.',
        }),
      ),
  })
}

/** What users name themselves. */
function recordFields() {
  return {
    providers: z
      .record(
        entryName(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'lower-case letters, digits and "-"'),
        providerSchema(),
      )
      .optional()
      .meta(
        meta({
          type: 'object by name',
          default: 'every known provider whose key is in the environment',
          description:
            'Who is called. A known name only needs what differs from the catalogue, any other needs a `baseUrl` or a `kind`.',
        }),
      ),
    routes: z
      .record(
        entryName(/^[A-Za-z0-9][\w.:-]*$/, 'letters, digits, "-", "_", "." and ":"'),
        routeSchema(),
      )
      .optional()
      .meta(
        meta({
          type: 'object by name: a list of targets, or an object',
          default: 'none',
          env: 'POSTERN_ROUTE_<NAME>',
          read: 'list',
          description:
            'Models of your own naming. The targets are tried in order; in the environment, commas stand between them.',
        }),
      ),
    keys: z
      .record(
        entryName(/^[A-Za-z0-9][\w.@-]*$/, 'letters, digits, "-", "_", "." and "@"'),
        keySchema(),
      )
      .optional()
      .meta(
        meta({
          type: 'object by name: a key, or an object',
          default:
            'none; outside production a development key is generated when there is no `identify` either',
          env: 'POSTERN_KEYS',
          description:
            'Virtual keys your clients present. In the environment: `name:key` pairs separated by commas, ' +
            'a JSON object (`{ "ci": { "key": "...", "mayReport": true } }`), or the path of a file with one pair per line or a JSON object.',
        }),
      ),
  }
}

function credentialFields() {
  return {
    apiKey: optionalSecret()
      .optional()
      .meta(
        meta({
          isSecret: true,
          type: 'string',
          default: 'none',
          env: 'POSTERN_PROVIDER_<NAME>_API_KEY',
          description: "The provider's key. Sent to this provider only.",
        }),
      ),
    apiKeys: keyPool()
      .optional()
      .meta(
        meta({
          isSecret: true,
          type: 'list of strings, or of `{ key, weight }`',
          default: 'none',
          env: 'POSTERN_PROVIDER_<NAME>_API_KEYS',
          read: 'list',
          description:
            'Several keys, used in turn by their weight. One that is refused, used up or limited is left alone for a while.',
        }),
      ),
    tenantKeys: z
      .record(z.string().min(1), secret())
      .optional()
      .meta(
        meta({
          isSecret: true,
          type: 'object by tenant',
          default: 'none',
          description:
            "Keys that tenants bring along: calls of theirs are made with them, and nobody else's.",
        }),
      ),
    tenantsWithoutKey: z
      .enum(['share', 'refuse'])
      .optional()
      .meta(
        meta({
          type: '`share` or `refuse`',
          default: '`share`',
          description:
            'Callers of other tenants, and of none, are served with the key of the provider, or not at all.',
        }),
      ),
  }
}

function providerSchema() {
  return z.strictObject({
    baseUrl: address()
      .optional()
      .meta(
        meta({
          type: 'URL',
          default: "the catalogue's",
          env: 'POSTERN_PROVIDER_<NAME>_BASE_URL',
          description: 'Address the paths of the dialect are appended to.',
        }),
      ),
    ...credentialFields(),
    dialect: z
      .enum(dialectNames)
      .optional()
      .meta(
        meta({
          type: listed(dialectNames),
          default: `the catalogue's, or \`${dialectNames[0]}\``,
          env: 'POSTERN_PROVIDER_<NAME>_DIALECT',
          description: 'Wire format the provider speaks.',
        }),
      ),
    alsoSpeaks: z
      .array(z.enum(dialectNames))
      .optional()
      .meta(
        meta({
          type: 'list of dialects',
          default: "the catalogue's",
          env: 'POSTERN_PROVIDER_<NAME>_ALSO_SPEAKS',
          read: 'list',
          description:
            'Wire formats it speaks besides: clients that speak one of them are relayed instead of translated.',
        }),
      ),
    headers: headers()
      .optional()
      .meta(
        meta({
          isSecret: true,
          type: 'object',
          default: 'none',
          description: 'Sent with every call. One that names the credential header replaces it.',
        }),
      ),
    models: z
      .array(z.string().trim().min(1))
      .optional()
      .meta(
        meta({
          type: 'list',
          default: 'none',
          env: 'POSTERN_PROVIDER_<NAME>_MODELS',
          read: 'list',
          description: 'Model ids it serves: they are listed, and found without `provider/`.',
        }),
      ),
    limits: providerLimitsSchema()
      .optional()
      .meta(
        meta({
          type: 'list of objects',
          default: 'none',
          description:
            'What the provider allows each key of yours: `unit`, `limit`, `window` or `sliding`, and `perModel`. A target at its limit is passed over or waited for, so that its 429 is not met.',
        }),
      ),
    quirks: quirksSchema()
      .optional()
      .meta(
        meta({
          type: 'object',
          default: "the catalogue's",
          description: 'Where the service deviates from its dialect.',
        }),
      ),
    ...cloudFields(),
  })
}

function routeSchema() {
  const targets = listOrText().meta(
    meta({
      type: 'list of `provider/model`, or a text with commas',
      description: 'Tried in this order.',
    }),
  )
  const listAsObject = (value: unknown): unknown =>
    Array.isArray(value) || typeof value === 'string' ? { targets: value } : value
  return z.preprocess(
    listAsObject,
    z.strictObject({
      targets,
      ...limitFields(),
      hedgeAfter: hedgeDelay()
        .optional()
        .meta(
          meta({
            type: 'duration, or `p95`',
            default: 'never',
            description:
              "Asks the next target as well when the first has not begun to answer after this time; the first to answer is taken. `p95`: the time that 95 of 100 of the target's last 64 answers took; never while fewer than 10 are known.",
          }),
        ),
      continueStreams: z
        .boolean()
        .optional()
        .meta(
          meta({
            type: 'boolean',
            default: 'false',
            description:
              'A stream of text that breaks is gone on with by the next target that has the quirk `continuesTurn` or `marksPrefill`, marked by a comment in the stream.',
          }),
        ),
    }),
  )
}

function keySchema() {
  const names = z.array(z.string().min(1))
  // What is not set is no object either: the problem is that of its key, not of its shape.
  const textAsObject = (value: unknown): unknown =>
    typeof value === 'string' || value === undefined || value === null ? { key: value } : value
  return z.preprocess(
    textAsObject,
    z.strictObject({
      key: secret().meta(
        meta({
          isSecret: true,
          type: `string, at least ${SHORTEST_KEY} characters`,
          description: 'What the client presents.',
        }),
      ),
      routes: names
        .optional()
        .meta(meta({ type: 'list', default: 'all', description: 'Routes the key may use.' })),
      models: names.optional().meta(
        meta({
          type: 'list of `provider/model` or `provider/*`',
          default: 'all, unless `routes` is given',
          description: 'Models the key may use.',
        }),
      ),
      endpoints: z
        .array(endpointPath())
        .optional()
        .meta(
          meta({
            type: 'list of paths',
            default: 'all',
            description:
              'Paths the key may call: `/v1/chat/completions`; `/v1/files*` stands for all that begin so.',
          }),
        ),
      ...forEachAttribute((name) =>
        z
          .string()
          .min(1)
          .max(200)
          .optional()
          .meta(
            meta({
              type: 'string',
              default: 'none',
              description: `The ${name} whose use it is: in records, and for limits.`,
            }),
          ),
      ),
      maxOutputTokens: z
        .int()
        .min(1)
        .max(10_000_000)
        .optional()
        .meta(
          meta({
            type: 'number',
            default: 'none',
            description:
              'Tokens of output that one of its requests may get: a larger bound becomes this one, and where there is none it is set.',
          }),
        ),
      mayName: z
        .array(z.enum(attributes))
        .optional()
        .meta(
          meta({
            type: `list of ${listed(attributes)}`,
            default: 'none',
            description:
              'What its clients may say of themselves in `x-postern-team` and its like. From everybody else these headers count for nothing.',
          }),
        ),
      mayReport: z
        .boolean()
        .optional()
        .meta(
          meta({
            type: 'boolean',
            default: 'false',
            description:
              'Its clients may report calls that went around the gateway (`@postern/client`), which are counted against the limits of this key alone.',
          }),
        ),
      sendsSession: z
        .boolean()
        .optional()
        .meta(
          meta({
            type: 'boolean',
            default: 'false',
            description:
              'Its clients name their sessions in the header `x-postern-session`, and have to.',
          }),
        ),
      limits: keyLimitsSchema()
        .optional()
        .meta(
          meta({
            type: 'list of objects',
            default: 'none',
            description:
              'How much the key may use: `unit`, `limit`, and `window` or `sliding`, as in `limits`.',
          }),
        ),
    }),
  )
}

/** Who administers the gateway while it runs. */
function adminFields() {
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

/** Who may use how much, and where that is counted. */
function admissionFields() {
  const failMode = z.enum(['closed', 'open', 'local']).optional()
  return {
    limits: limitsSchema()
      .optional()
      .meta(
        meta({
          type: 'list of objects',
          default: 'none',
          description:
            'How much may be used, in which unit, by whom. A request takes from every limit that concerns it, or is refused before anything is done for it.',
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
            'A conversation that ends with the same tool calls with the same arguments so many times in a row is refused with 403 `loop_detected`.',
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
          'While the store cannot be asked, limits of requests, tokens and concurrency are counted by each process for itself, let everybody in, or nobody.',
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

/** What holds for the gateway as a whole. */
function edgeFields() {
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
          description:
            'Targets that keep failing, or asked to be left alone, are passed over for a while.',
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

function observingFields() {
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

function entryName(pattern: RegExp, allowed: string) {
  return z.string().regex(pattern, { error: `A name may hold ${allowed}.` })
}

function once<T>(build: () => T): () => T {
  const kept: { value?: T } = {}
  return () => (kept.value ??= build())
}
