import { z } from 'zod'
import { admissionFields } from './admission-schema.ts'
import { defaults } from './defaults.ts'
import { adminFields, edgeFields, observingFields } from './edge-schema.ts'
import { entryName } from './entry-name.ts'
import { meta } from './field-meta.ts'
import { callback } from './field-values.ts'
import { jwtSchema } from './jwt-schema.ts'
import { keySchema } from './key-schema.ts'
import { limitFields } from './limit-fields.ts'
import { providerSchema } from './provider-schema.ts'
import { routeSchema } from './route-schema.ts'
import type { HostIdentify } from '../../identity/index.ts'

/**
 * The schema of everything users type, in code, file and environment. Built on the first call, then
 * kept.
 */
export const optionsSchema = once(buildSchema)

/** Options as users write them; `unknown` where a function of ours reads the value. */
export type WrittenOptions = z.input<ReturnType<typeof buildSchema>>

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

/** Entries that users name themselves. */
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

function once<T>(build: () => T): () => T {
  const kept: { value?: T } = {}
  return () => (kept.value ??= build())
}
