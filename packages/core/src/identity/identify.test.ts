import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { GatewayError } from '../errors.ts'
import { HostCalls } from '../foundation/host-calls.ts'
import type { GatewayRequest } from '../http/index.ts'
import type { Caller } from './caller.ts'
import {
  createIdentify,
  developmentKey,
  hostLogin,
  type Identify,
  type IdentityOptions,
} from './identify.ts'

const KEY = 'pk_team_alpha_0123456789'
const keys = [
  { key: KEY, caller: { id: 'alpha', routes: ['fast'] } },
  { key: 'pk_team_beta_0123456789', caller: { id: 'beta' } },
]

function request(headers: Record<string, string> = {}, host?: unknown): GatewayRequest {
  const never = (): never => {
    throw new Error('no body is read for an unknown caller')
  }
  return {
    method: 'POST',
    path: '/',
    search: '',
    header: (name) => headers[name],
    headerNames: () => Object.keys(headers),
    bytes: never,
    stream: never,
    signal: new AbortController().signal,
    host,
  }
}

async function outcome(identify: Identify, from: GatewayRequest): Promise<string> {
  try {
    return (await identify(from)).id
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
}

const byKeys = (options: Partial<IdentityOptions> = {}): Identify =>
  createIdentify({ auth: 'keys', keys, ...options })

describe('virtual keys', () => {
  it.each<[Record<string, string>, string]>([
    [{ authorization: `Bearer ${KEY}` }, 'alpha'],
    [{ authorization: `bearer   ${KEY}  ` }, 'alpha'],
    [{ authorization: 'Bearer pk_team_beta_0123456789' }, 'beta'],
    [{ 'x-api-key': KEY }, 'alpha'],
    [{ 'api-key': KEY }, 'alpha'],
    [{ 'x-goog-api-key': KEY }, 'alpha'],
    [{}, 'missing_api_key'],
    [{ authorization: 'Bearer wrong' }, 'invalid_api_key'],
    [{ authorization: `Bearer ${KEY}x` }, 'invalid_api_key'],
    [{ authorization: `Bearer ${KEY.slice(0, -1)}` }, 'invalid_api_key'],
    [{ authorization: `Bearer ${KEY.toUpperCase()}` }, 'invalid_api_key'],
    [{ authorization: KEY }, 'invalid_api_key'],
    [{ authorization: `Basic ${KEY}` }, 'invalid_api_key'],
    [{ authorization: 'Bearer ' }, 'invalid_api_key'],
    [{ authorization: '' }, 'invalid_api_key'],
    [{ 'x-api-key': '' }, 'invalid_api_key'],
    [{ authorization: 'Bearer wrong', 'x-api-key': KEY }, 'invalid_api_key'],
    [{ authorization: 'Bearer __proto__' }, 'invalid_api_key'],
  ])('%j is %s', async (headers, expected) => {
    expect(await outcome(byKeys(), request(headers))).toBe(expected)
  })

  it('says nothing about the key it refused', async () => {
    const refused = async (key: string): Promise<unknown> =>
      Promise.resolve()
        .then(() => byKeys()(request({ authorization: `Bearer ${key}` })))
        .catch((error: unknown) => error)
    const near = (await refused(`${KEY}x`)) as GatewayError
    const far = (await refused('canary-1234')) as GatewayError
    expect(near).toMatchObject({ message: far.message, status: 401 })
    expect(JSON.stringify({ ...near, message: near.message }) + String(near.stack)).not.toContain(
      KEY,
    )
    expect(far.message).not.toContain('canary')
  })

  it.each([
    '?key=pk_team_alpha_0123456789',
    '?api_key=sk-abc',
    '?alt=sse&key=AIzaSyA',
    '?access_token=eyJhbGciOi.x.y',
  ])('are refused in a URL: %s', async (search) => {
    const error = await Promise.resolve()
      .then(() => byKeys()({ ...request({ 'x-api-key': KEY }), search }))
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'invalid_request', status: 400 })
    expect((error as GatewayError).message).not.toMatch(/0123456789|sk-abc|AIzaSyA|eyJ/)
  })

  it('do not mind what else stands in a URL', async () => {
    expect(
      await outcome(byKeys(), {
        ...request({ 'x-api-key': KEY }),
        search: '?alt=sse&limit=2&key=name',
      }),
    ).toBe('alpha')
  })

  it('lets no header change who is calling', async () => {
    const headers = {
      authorization: `Bearer ${KEY}`,
      'x-postern-user': 'root',
      'x-user': 'root',
      'x-tenant': 'other',
    }
    expect(await byKeys()(request(headers))).toEqual({
      id: 'alpha',
      credential: 'key',
      routes: ['fast'],
    })
  })

  it('finds a key beside a login that is not meant for it', async () => {
    const basic = { authorization: 'Basic dXNlcjpwYXNz' }
    expect(await outcome(byKeys(), request({ ...basic, 'x-api-key': KEY }))).toBe('alpha')
    expect(await outcome(byKeys(), request(basic))).toBe('invalid_api_key')
  })

  it('returns frozen callers', async () => {
    const caller = await byKeys()(request({ 'x-api-key': KEY }))
    expect(Object.isFrozen(caller)).toBe(true)
  })
})

describe('without authentication', () => {
  it('lets everybody in, known keys by name', async () => {
    const open = byKeys({ auth: 'none' })
    expect(await outcome(open, request())).toBe('anonymous')
    expect(await outcome(open, request({ authorization: 'Bearer whatever' }))).toBe('anonymous')
    expect(await outcome(open, request({ authorization: `Bearer ${KEY}` }))).toBe('alpha')
  })
})

describe('the host\u2019s own login', () => {
  const withHost = (
    identify: (host: {
      user?: string
    }) => Caller | null | undefined | Promise<Caller | null | undefined>,
  ): Identify =>
    byKeys({
      login: hostLogin(
        identify,
        new HostCalls({
          clock: new FakeClock(),
          log: { error: () => undefined, warn: () => undefined },
        }),
      ),
    })

  it('wins over every header and gets the host\u2019s request', async () => {
    const identify = withHost((host) => ({ id: `user-${host.user}` }))
    expect(
      await outcome(identify, request({ authorization: `Bearer ${KEY}` }, { user: 'ada' })),
    ).toBe('user-ada')
  })

  it.each([null, undefined, false, 0, '', Number.NaN, 0n])(
    'that answers %s leaves it to the keys',
    async (stranger) => {
      const nobody = stranger as null
      const identify = withHost(() => nobody)
      expect(await outcome(identify, request({ 'x-api-key': KEY }))).toBe('alpha')
      expect(await outcome(identify, request())).toBe('missing_api_key')
      expect(
        await outcome(
          withHost(async () => nobody),
          request(),
        ),
      ).toBe('missing_api_key')
    },
  )

  it('that fails lets no request in: its error is not the client\u2019s business', async () => {
    for (const identify of [
      withHost(() => {
        throw new Error('db secret')
      }),
      withHost(() => Promise.reject(new Error('db secret'))),
    ]) {
      const error = await Promise.resolve(
        identify(request({ authorization: `Bearer ${KEY}` })),
      ).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'identify_failed',
        status: 500,
        cause: expect.stringContaining('db secret'),
      })
      expect((error as GatewayError).message).not.toContain('secret')
    }
  })

  it('may refuse in our own words', async () => {
    const identify = withHost(() => {
      throw new GatewayError('permission_denied', 'Not on Sundays.')
    })
    expect(await outcome(identify, request({ 'x-api-key': KEY }))).toBe('permission_denied')
  })
})

describe('developmentKey', () => {
  it('is long, marked, fit for a header and never the same', () => {
    const generated = Array.from({ length: 100 }, developmentKey)
    expect(new Set(generated).size).toBe(100)
    for (const key of generated) expect(key).toMatch(/^pk_dev_[\w-]{32}$/)
  })
})
