import { z } from 'zod'
import { listed, meta } from './field-meta.ts'
import { endpointPath, forEachAttribute, secret } from './field-values.ts'
import { keyLimitsSchema } from './limit-schema.ts'
import { attributes } from '../../identity/index.ts'

/** Anything shorter could be guessed by trying. */
export const SHORTEST_KEY = 16

export function keySchema() {
  const names = z.array(z.string().min(1))
  // A missing value is not an object either: report the missing key, not the shape.
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
