import { describe, expect, it } from 'vitest'
import { FakeClock, settle } from '../../clock.fake.ts'
import { GatewayError } from '../../errors.ts'
import { createGoogleToken, type GoogleAuthLibrary } from './token.ts'
import { accountFile, FakeTokens, granted } from './service-account.fake.ts'
import type { GoogleCredentials } from './service-account.ts'

/** The optional package, answering with these; an error is thrown. */
function library(...answers: (string | null | Error)[]) {
  const made: unknown[] = []
  class GoogleAuth {
    constructor(options: unknown) {
      made.push(options)
    }

    async getAccessToken(): Promise<string | null> {
      const answer = answers.shift()
      if (answer instanceof Error) throw answer
      return answer ?? null
    }
  }
  return { made, load: async (): Promise<GoogleAuthLibrary> => ({ GoogleAuth }) }
}

function sourceOf(
  credentials: GoogleCredentials | undefined,
  loadLibrary: () => Promise<GoogleAuthLibrary>,
) {
  return createGoogleToken({
    provider: 'cloud',
    credentials,
    deps: new FakeTokens(new FakeClock()),
    loadLibrary,
  })
}

async function refusal(source: () => Promise<string>): Promise<GatewayError> {
  const error = await source().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof GatewayError) return error
  throw new Error('It was not refused.')
}

describe('a service account', () => {
  it('signs for itself, once for all who wait, and again before the token ends', async () => {
    const clock = new FakeClock()
    const tokens = new FakeTokens(clock, [granted('token-1'), granted('token-2')])
    const source = createGoogleToken({
      provider: 'cloud',
      credentials: accountFile,
      deps: tokens,
    })
    expect(await Promise.all([source(), source(), source()])).toEqual([
      'token-1',
      'token-1',
      'token-1',
    ])
    await clock.advance(3_300_000)
    expect(await source()).toBe('token-1')
    await settle()
    expect(await source()).toBe('token-2')
    expect(tokens.requests).toHaveLength(2)
  })

  it('is recognised by its key when the type is missing', async () => {
    const { type: _, ...untyped } = accountFile
    const tokens = new FakeTokens(new FakeClock(), [granted('token-1')])
    expect(
      await createGoogleToken({ provider: 'cloud', credentials: untyped, deps: tokens })(),
    ).toBe('token-1')
  })

  it('that cannot sign is refused at the start', () => {
    expect(() => sourceOf({ ...accountFile, private_key: 'x' }, library().load)).toThrow(TypeError)
  })

  it('is requested again after a refusal', async () => {
    const tokens = new FakeTokens(new FakeClock(), [
      { status: 503, body: '' },
      new GatewayError('provider_unreachable', 'No answer.'),
      granted('token-3'),
    ])
    const source = createGoogleToken({
      provider: 'cloud',
      credentials: accountFile,
      deps: tokens,
    })
    expect((await refusal(source)).code).toBe('provider_error')
    expect((await refusal(source)).code).toBe('provider_unreachable')
    expect(await source()).toBe('token-3')
  })
})

describe('every other kind of credentials', () => {
  it.each([
    [undefined],
    [{ type: 'authorized_user', refresh_token: 'r' }],
    [{ type: 'external_account' }],
  ])('%j is left to the library, which is made once', async (credentials) => {
    const { made, load } = library('one', 'two')
    const source = sourceOf(credentials, load)
    expect(made).toEqual([])
    expect([await source(), await source()]).toEqual(['one', 'two'])
    expect(made).toEqual([
      {
        scopes: 'https://www.googleapis.com/auth/cloud-platform',
        ...(credentials && { credentials }),
      },
    ])
  })

  it.each([
    [undefined, 'default credentials of this machine'],
    [{ type: 'authorized_user' }, 'authorized_user'],
  ])('%j without the library says what to install', async (credentials, words) => {
    const error = await refusal(
      sourceOf(credentials, () => Promise.reject(new Error('Cannot find package'))),
    )
    expect(error).toMatchObject({ code: 'provider_credentials', details: { provider: 'cloud' } })
    expect(error.message).toContain(words)
    expect(error.message).toContain('npm install google-auth-library')
  })

  it.each([[null], [''], [new Error('Could not load the default credentials.')]])(
    'no token (%s) says what to set',
    async (answer) => {
      const error = await refusal(sourceOf(undefined, library(answer).load))
      expect(error).toMatchObject({
        code: 'provider_credentials',
        message: expect.stringContaining('GOOGLE_APPLICATION_CREDENTIALS'),
      })
    },
  )

  it('is the real package', async () => {
    const { GoogleAuth } = await import('google-auth-library')
    expect(GoogleAuth.prototype.getAccessToken).toBeTypeOf('function')
    const keyless = createGoogleToken({
      provider: 'cloud',
      credentials: { type: 'nothing_known' },
      deps: new FakeTokens(new FakeClock()),
    })
    expect((await refusal(keyless)).message).toContain('No access token is to be had')
  })
})
