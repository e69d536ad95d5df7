import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../clock.fake.ts'
import {
  type AwsCredentials,
  type AwsCredentialsFunction,
  AwsCredentialSource,
} from './credentials.ts'

const minute = 60_000

function keyPair(name: string, expiration?: Date | number): AwsCredentials {
  return {
    accessKeyId: `id-${name}`,
    secretAccessKey: `secret-${name}`,
    ...(expiration === undefined ? {} : { expiration }),
  }
}

function open(ask: AwsCredentialsFunction, clock = new FakeClock()) {
  const renewed: AwsCredentials[] = []
  return {
    clock,
    renewed,
    source: new AwsCredentialSource(ask, {
      clock,
      provider: 'cloud',
      onRenewal: (credentials) => renewed.push(credentials),
    }),
  }
}

describe('AwsCredentialSource', () => {
  it('keeps credentials until shortly before they end', async () => {
    const clock = new FakeClock()
    let asked = 0
    const { source } = open(
      () => keyPair(String((asked += 1)), new Date(clock.now() + 60 * minute)),
      clock,
    )
    const first = await source.current()
    expect(source.current()).toBe(first)
    await clock.advance(58 * minute)
    expect(source.current()).toBe(first)
    await clock.advance(minute)
    expect(await source.current()).toMatchObject({ accessKeyId: 'id-2' })
    expect(asked).toBe(2)
  })

  it('asks again now and then for credentials that do not say when they end', async () => {
    let asked = 0
    const { source, clock } = open(async () => keyPair(String((asked += 1))))
    await source.current()
    await clock.advance(4 * minute)
    await source.current()
    expect(asked).toBe(1)
    await clock.advance(minute)
    await source.current()
    expect(asked).toBe(2)
  })

  it('asks once for requests that come together', async () => {
    let asked = 0
    const { source, renewed } = open(async () => keyPair(String((asked += 1))))
    const all = await Promise.all([source.current(), source.current(), source.current()])
    expect(new Set(all).size).toBe(1)
    expect(asked).toBe(1)
    expect(renewed).toHaveLength(1)
  })

  it('goes on with what it holds while that is good and the source fails, and leaves the source alone meanwhile', async () => {
    let asked = 0
    const clock = new FakeClock()
    const end = clock.now() + 10 * minute
    const { source } = open(() => {
      asked += 1
      if (asked > 1) throw new Error('the token service is down')
      return keyPair('first', end)
    }, clock)
    const first = await source.current()
    await clock.advance(9.5 * minute)
    expect(await source.current()).toBe(first)
    expect(await source.current()).toBe(first)
    expect(asked).toBe(2)
    await clock.advance(minute)
    await expect(source.current()).rejects.toMatchObject({ code: 'provider_credentials' })
  })

  it('asks again after a failure', async () => {
    let fails = true
    const { source } = open(async () => {
      if (fails) throw new Error('no')
      return keyPair('late')
    })
    await expect(source.current()).rejects.toMatchObject({
      code: 'provider_credentials',
      details: { provider: 'cloud' },
    })
    fails = false
    expect(await source.current()).toMatchObject({ accessKeyId: 'id-late' })
  })

  it.each([
    undefined,
    {},
    { accessKeyId: 'a' },
    { accessKeyId: 'a', secretAccessKey: '' },
    { bearerToken: '' },
  ])('refuses to sign with %j', async (credentials) => {
    await expect(open(() => credentials as AwsCredentials).source.current()).rejects.toMatchObject({
      code: 'provider_credentials',
    })
  })
})
