import { z } from 'zod'
import { meta } from './field-meta.ts'
import { hedgeDelay, listOrText } from './field-values.ts'
import { limitFields } from './limit-fields.ts'

export function routeSchema() {
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
              'A broken text stream is continued by the next target that has the quirk `continuesTurn` or `marksPrefill`, marked by a comment in the stream.',
          }),
        ),
    }),
  )
}
