import { generateKeyPairSync, verify } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../clock.fake.ts'
import { GatewayError } from '../../errors.ts'
import { accountFile, accountPublicKey, FakeTokens, granted } from './service-account.fake.ts'
import { issueToken, ServiceAccount } from './service-account.ts'

function decoded(part: string | undefined): unknown {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString())
}

describe('ServiceAccount', () => {
  it('signs a statement that its public key verifies', () => {
    const [header, claims, signature, ...rest] = new ServiceAccount(accountFile)
      .assertion(1_700_000_000_999)
      .split('.')
    expect(rest).toEqual([])
    expect(decoded(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' })
    expect(decoded(claims)).toEqual({
      iss: accountFile.client_email,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: 'https://oauth2.googleapis.com/token',
      iat: 1_700_000_000,
      exp: 1_700_003_600,
    })
    expect(
      verify(
        'RSA-SHA256',
        Buffer.from(`${header}.${claims}`),
        accountPublicKey,
        Buffer.from(signature ?? '', 'base64url'),
      ),
    ).toBe(true)
  })

  it('takes a key whose line ends are written as two characters, as environment variables carry them', () => {
    const key = accountFile.private_key.replaceAll('\n', '\\n')
    expect(new ServiceAccount({ ...accountFile, private_key: key }).assertion(0)).toBe(
      new ServiceAccount(accountFile).assertion(0),
    )
  })

  it('needs no key id and no address', () => {
    const { private_key_id: _, token_uri: __, ...few } = accountFile
    const account = new ServiceAccount(few)
    expect(account.tokenUrl).toBe('https://oauth2.googleapis.com/token')
    expect(decoded(account.assertion(0).split('.')[0])).toEqual({ alg: 'RS256', typ: 'JWT' })
  })

  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  it.each([
    ['no client_email', { client_email: undefined }],
    ['not an RSA key', { private_key: elliptic }],
    ['not an RSA key', { private_key: 'hidden-key' }],
    ['not an RSA key', { private_key: undefined }],
    ['not an https URL', { token_uri: 'http://tokens.example/hidden' }],
    ['not an https URL', { token_uri: 'hidden' }],
  ])('%s: %#', (message, change) => {
    const make = () => new ServiceAccount({ ...accountFile, ...change } as never)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
    expect(make).not.toThrow('hidden')
  })

  it('shows no key, however it is printed', () => {
    const account = new ServiceAccount(accountFile)
    expect(Object.isFrozen(account)).toBe(true)
    const printed = JSON.stringify(account) + inspect(account, { showHidden: true, depth: 9 })
    expect(printed).toContain(accountFile.client_email)
    expect(printed).not.toMatch(/PRIVATE|MII/)
  })
})

describe('issueToken', () => {
  const account = new ServiceAccount({
    ...accountFile,
    token_uri: 'https://tokens.example:8443/oauth/token?tenant=1',
  })
  const issue = (tokens: FakeTokens) => issueToken(account, 'cloud', tokens)

  it('exchanges the statement for a token', async () => {
    const tokens = new FakeTokens(new FakeClock(), [granted('ya29.token', 1800)])
    expect(await issue(tokens)).toEqual({ value: 'ya29.token', lifetimeMs: 1_800_000 })
    const [request] = tokens.requests
    expect(request).toMatchObject({
      origin: 'https://tokens.example:8443',
      path: '/oauth/token?tenant=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    })
    const form = new URLSearchParams(request?.body)
    expect([...form.keys()]).toEqual(['grant_type', 'assertion'])
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    expect(form.get('assertion')).toBe(account.assertion(tokens.clock.now()))
  })

  it('assumes an hour for a token without a lifetime', async () => {
    expect(
      await issue(new FakeTokens(new FakeClock(), [{ status: 200, body: '{"access_token":"t"}' }])),
    ).toEqual({ value: 't', lifetimeMs: 3_600_000 })
  })

  it.each([
    [
      400,
      '{"error":"invalid_grant","error_description":"account hidden@x is gone"}',
      'provider_credentials',
      '(invalid_grant)',
    ],
    [401, '{"error":"Hidden words"}', 'provider_credentials', '(status 401)'],
    [403, '<html>hidden</html>', 'provider_credentials', '(status 403)'],
    [429, '{}', 'provider_error', '(status 429)'],
    [503, '', 'provider_error', '(status 503)'],
    [200, '{"token_type":"Bearer"}', 'provider_error', '(status 200)'],
    [200, 'null', 'provider_error', '(status 200)'],
  ])('%i %s is %s', async (status, body, code, words) => {
    const error = await issue(new FakeTokens(new FakeClock(), [{ status, body }])).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({
      code,
      details: { provider: 'cloud' },
      message: expect.stringContaining(words),
    })
    expect(String(error)).not.toContain('idden')
  })
})
