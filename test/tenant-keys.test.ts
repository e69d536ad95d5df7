import { createGateway, type Gateway, type GatewayOptions, type RequestRecord } from '@postern/core'
import { type FakeProvider, startFakeProvider } from '@postern/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask } from './harness/chain.ts'

const KEYS = {
  acme: 'pk_acme_0123456789abcdef',
  other: 'pk_other_0123456789abcdef',
  nobody: 'pk_nobody_0123456789abcdef',
}
const [SHARED, OF_ACME, OF_OTHER] = [
  'sk-shared-0123456789',
  'sk-acme-0123456789',
  'sk-other-0123456789',
]

let provider: FakeProvider
let gateway: Gateway
let records: RequestRecord[]
beforeEach(async () => {
  records = []
  provider = await startFakeProvider({ dialect: 'openai-chat' })
})
afterEach(async () => {
  await gateway.close({ graceMs: 0 })
  await provider.close()
})

function start(own: Partial<NonNullable<GatewayOptions['providers']>[string]>): void {
  gateway = createGateway(
    {
      providers: {
        main: {
          baseUrl: provider.url,
          apiKey: SHARED,
          tenantKeys: { acme: OF_ACME, other: OF_OTHER },
          ...own,
        },
      },
      keys: {
        acme: { key: KEYS.acme, tenant: 'acme' },
        other: { key: KEYS.other, tenant: 'other' },
        nobody: KEYS.nobody,
      },
      log: 'silent',
      onRecord: (record) => records.push(record),
    },
    { environment: {} },
  )
}

const use = async (key: string): Promise<number> =>
  (
    await ask(
      (path, init) => gateway.fetch(`http://gateway${path}`, init),
      { model: 'main/m' },
      {
        headers: { authorization: `Bearer ${key}`, 'x-postern-tenant': 'acme', 'x-tenant': 'acme' },
      },
    )
  ).status
const usedKey = (): string | undefined =>
  provider.journal.entries.at(-1)?.headers.authorization?.replace('Bearer ', '')

describe('keys that tenants bring along', () => {
  it('are used for calls of their tenant, and for no other', async () => {
    start({})
    const seen: unknown[] = []
    for (const key of [KEYS.acme, KEYS.other, KEYS.nobody, KEYS.acme])
      seen.push([await use(key), usedKey()])
    expect(seen).toEqual([
      [200, OF_ACME],
      [200, OF_OTHER],
      [200, SHARED],
      [200, OF_ACME],
    ])
    expect(records.map(({ target }) => target)).toEqual(Array(4).fill('main/m'))
    // The operator can tell which key each call was made with, by its name.
    expect(
      records.map(({ caller, attempts }) => [caller?.id, attempts.map(({ key }) => key)]),
    ).toEqual([
      ['acme', ['tenant-acme']],
      ['other', ['tenant-other']],
      ['nobody', [undefined]],
      ['acme', ['tenant-acme']],
    ])
  })

  it('are the only ones, when configured: a caller without one is refused before a provider is called', async () => {
    start({ apiKey: undefined, tenantKeys: { acme: OF_ACME }, tenantsWithoutKey: 'refuse' })
    expect([await use(KEYS.acme), await use(KEYS.other), await use(KEYS.nobody)]).toEqual([
      200, 403, 403,
    ])
    expect(provider.journal.length).toBe(1)
    // No tenant's key is used to list models.
    await gateway.fetch('http://gateway/v1/models', {
      headers: { authorization: `Bearer ${KEYS.nobody}` },
    })
    expect(provider.journal.length).toBe(1)
  })

  it('that are refused, or fail, are no trouble of another tenant', async () => {
    start({})
    provider.reply(({ entry }) =>
      entry.headers.authorization === `Bearer ${OF_ACME}`
        ? { status: 500 }
        : { answer: { text: 'hi' } },
    )
    for (let at = 0; at < 8; at++) await use(KEYS.acme)
    expect(gateway.health().unavailable).toEqual(['main/m#tenant-acme'])
    expect([await use(KEYS.other), await use(KEYS.nobody)]).toEqual([200, 200])
  })

  it('appear nowhere, and are no virtual keys', () => {
    start({})
    expect(JSON.stringify([gateway.health(), records])).not.toContain('sk-')
    expect(() =>
      createGateway(
        {
          providers: { main: { baseUrl: provider.url, tenantKeys: { acme: OF_ACME } } },
          keys: { web: OF_ACME },
        },
        { environment: {} },
      ),
    ).toThrow(/provider's own/)
  })
})
