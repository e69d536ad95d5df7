import { describe, expect, it } from 'vitest'
import { GatewayError } from '../errors.ts'
import { askForToken } from './token-source.ts'

describe('askForToken', () => {
  it.each([[() => 'now'], [() => Promise.resolve('now')]])(
    'takes a token and the promise of one',
    async (source) => {
      expect(await askForToken(source, 'own')).toBe('now')
    },
  )

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['an empty text', () => ''],
    ['two lines', () => 'hidden\r\nx: y'],
    ['an object', () => ({ token: 'hidden' })],
    ['a rejection', () => Promise.reject(new Error('hidden'))],
    [
      'an exception',
      () => {
        throw new TypeError('hidden')
      },
    ],
  ])('%s is a provider_credentials error that repeats nothing of it', async (_, source) => {
    const error = await askForToken(source as () => string, 'own').catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({
      code: 'provider_credentials',
      details: { provider: 'own' },
      message: expect.stringContaining('option token'),
    })
    expect((error as GatewayError).message).not.toContain('hidden')
  })

  it('leaves errors that say more as they are', async () => {
    const error = new GatewayError('provider_error', 'The token endpoint is busy.')
    await expect(askForToken(() => Promise.reject(error), 'own')).rejects.toBe(error)
  })
})
