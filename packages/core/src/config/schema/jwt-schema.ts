import { z } from 'zod'
import { meta } from './field-meta.ts'
import { address, forEachAttribute } from './field-values.ts'

/** Tokens of an identity provider. */
export function jwtSchema() {
  const text = z.string().min(1)
  const claim = text.optional()
  return z.strictObject({
    issuer: text.meta(
      meta({ type: 'string', description: 'Who issues the tokens, exactly as their `iss` says.' }),
    ),
    audience: z.union([text, z.array(text).min(1)]).meta(
      meta({
        type: 'string, or a list',
        description: 'Audience (`aud`) that tokens must have: this gateway.',
      }),
    ),
    jwksUrl: address().meta(
      meta({ type: 'URL', description: 'Where the keys are published that they are signed with.' }),
    ),
    claims: z
      .strictObject({ id: claim, ...forEachAttribute(() => claim), session: claim })
      .optional()
      .meta(
        meta({
          type: 'object',
          default: '`{ id: sub }`',
          description: 'Which claim says what: `{ tenant: org_id, team: realm.team }`.',
        }),
      ),
  })
}
