import type { GatewayOptions } from '@postern/core'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Chain, CLIENT_KEY, startChain } from './harness/chain.ts'
import { listen } from './harness/listen.ts'

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>

let chain: Chain
let issuer: Awaited<ReturnType<typeof listen>>
let pair: KeyPair
/** Keys that the issuer publishes, and how often they were fetched. */
const published = { keys: [] as object[], asked: 0, isDown: false }

beforeEach(async () => {
  pair = await generateKeyPair('ES256')
  Object.assign(published, {
    keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }],
    asked: 0,
    isDown: false,
  })
  issuer = await listen((_request, response) => {
    published.asked += 1
    if (published.isDown) response.statusCode = 503
    response.end(JSON.stringify({ keys: published.keys }))
  })
})
afterEach(async () => {
  await chain.close()
  await issuer.close()
})

const start = async (jwt: Partial<NonNullable<GatewayOptions['jwt']>> = {}): Promise<void> => {
  chain = await startChain({
    dialects: ['openai-chat'],
    gateway: {
      jwt: {
        issuer: 'https://id.example',
        audience: 'llm',
        jwksUrl: `${issuer.url}/keys`,
        claims: { tenant: 'org_id', team: 'realm.team', feature: 'https://example/feature' },
        ...jwt,
      },
    },
  })
}

const CLAIMS = { org_id: 'acme', realm: { team: 'support' }, 'https://example/feature': 'chat' }

/** A token as the issuer makes it, but for what is said otherwise. */
async function token({
  claims = CLAIMS,
  key = pair.privateKey,
  kid = 'one',
  iss = 'https://id.example',
  aud = 'llm',
  expires = '5m',
  sub = 'user-7' as string | undefined,
  alg = 'ES256',
}: {
  claims?: object
  key?: KeyPair['privateKey'] | Uint8Array
  kid?: string
  iss?: string
  aud?: string
  expires?: string | undefined
  sub?: string | undefined
  alg?: string
} = {}): Promise<string> {
  const jwt = new SignJWT({ ...claims })
    .setProtectedHeader({ alg, kid })
    .setIssuer(iss)
    .setAudience(aud)
    .setIssuedAt()
  if (expires !== '') jwt.setExpirationTime(expires ?? '5m')
  if (sub !== '') jwt.setSubject(sub ?? 'user-7')
  return jwt.sign(key)
}

const use = async (credential: string): Promise<number> =>
  (await chain.ask({}, { headers: { authorization: `Bearer ${credential}` } })).status

describe('tokens of an identity provider', () => {
  it('say who is calling, by the claims that were named', async () => {
    await start()
    expect(await use(await token())).toBe(200)
    expect(chain.records[0]?.caller).toEqual({
      id: 'user-7',
      tenant: 'acme',
      team: 'support',
      feature: 'chat',
    })
    expect(await use(CLIENT_KEY)).toBe(200)
    expect(published.asked).toBe(1)
  })

  it.each<[string, () => Promise<string>]>([
    ['of another issuer', () => token({ iss: 'https://evil.example' })],
    ['for another audience', () => token({ aud: 'other' })],
    ['that is over', () => token({ expires: '-5m' })],
    ['that never ends', () => token({ expires: '' })],
    ['without a subject', () => token({ sub: '' })],
    [
      'signed with another key',
      async () => token({ key: (await generateKeyPair('ES256')).privateKey }),
    ],
    [
      'signed with a secret (the public key, say)',
      () =>
        token({ alg: 'HS256', key: new TextEncoder().encode(JSON.stringify(published.keys[0])) }),
    ],
    [
      'that is not signed',
      async () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await token()).split('.')[1] ?? ''}.x`,
    ],
    [
      'that was changed',
      async () =>
        (await token()).replace(
          /\.([^.]+)\./,
          (_all, body: string) =>
            `.${Buffer.from(Buffer.from(body, 'base64url').toString().replace('acme', 'evil')).toString('base64url')}.`,
        ),
    ],
  ])('are refused: one %s', async (_what, make) => {
    await start()
    expect(await use(await make())).toBe(401)
    expect(chain.calls()).toEqual([0])
    expect(chain.records[0]?.caller).toBeUndefined()
  })

  const ofOtherKinds: readonly unknown[] = [
    null,
    true,
    false,
    0,
    7,
    '',
    ' ',
    {},
    [],
    ['acme'],
    { id: 'acme' },
    'x'.repeat(201),
    '\uD800',
  ]
  it.each(['org_id', 'realm.team', 'realm', 'https://example/feature', 'sub', 'run'])(
    'are refused where the claim %s is of another kind: never let in without it',
    async (claim) => {
      await start({
        claims: {
          tenant: 'org_id',
          team: 'realm.team',
          feature: 'https://example/feature',
          session: 'run',
        },
      })
      const [outer = '', inner] = claim.startsWith('https:') ? [claim] : claim.split('.')
      for (const value of ofOtherKinds) {
        // An object may lead to the team; one without it is a caller of no team.
        if (claim === 'realm' && Object.prototype.toString.call(value) === '[object Object]')
          continue
        const claims = { ...CLAIMS, [outer]: inner === undefined ? value : { [inner]: value } }
        expect(
          await use(await token({ claims, ...(claim === 'sub' && { sub: '' }) })),
          JSON.stringify(value),
        ).toBe(401)
      }
      expect(chain.records.every(({ caller }) => caller === undefined)).toBe(true)
    },
  )

  it('may be signed with a key that was published later', async () => {
    await start()
    const next = await generateKeyPair('ES256')
    published.keys = [{ ...(await exportJWK(next.publicKey)), kid: 'two', alg: 'ES256' }]
    expect(await use(await token({ key: next.privateKey, kid: 'two' }))).toBe(200)
  })

  it('cannot be checked while no keys are published: 503, and never let in', async () => {
    published.isDown = true
    await start()
    expect(await use(await token())).toBe(503)
    expect(chain.calls()).toEqual([0])
  })

  it('are limited like any caller', async () => {
    chain = await startChain({
      dialects: ['openai-chat'],
      gateway: {
        jwt: {
          issuer: 'https://id.example',
          audience: 'llm',
          jwksUrl: `${issuer.url}/keys`,
          claims: { tenant: 'org_id' },
        },
        limits: [{ unit: 'requests', window: 'total', limit: 1, scope: 'tenant' }],
      },
    })
    expect([
      await use(await token()),
      await use(await token({ sub: 'user-8' })),
      await use(await token({ claims: { org_id: 'other' } })),
    ]).toEqual([200, 429, 200])
  })

  it('are configured completely or not at all', async () => {
    await start()
    await expect(
      startChain({ gateway: { jwt: { issuer: 'x', audience: 'y' } as never } }),
    ).rejects.toThrow(/jwksUrl/)
  })
})
