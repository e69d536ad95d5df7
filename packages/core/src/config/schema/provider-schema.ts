import { z } from 'zod'
import { cloudFields } from './cloud-fields.ts'
import { listed, meta } from './field-meta.ts'
import { address, headers, keyPool, optionalSecret, secret } from './field-values.ts'
import { providerLimitsSchema } from './limit-schema.ts'
import { quirksSchema } from './quirks-schema.ts'
import { dialectNames } from '../../providers/index.ts'

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
          description: 'Keys that tenants bring: each is used for calls of its tenant only.',
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

export function providerSchema() {
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
            'Additional wire formats: clients that speak one of them are relayed instead of translated.',
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
            'Limits that the provider sets for each of your keys: `unit`, `limit`, `window` or `sliding`, and `perModel`. A target at its limit is skipped or waited for, which avoids its 429.',
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
