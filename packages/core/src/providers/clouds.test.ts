import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { findInCatalogue } from './catalogue/catalogue.ts'
import { alternatives, cloudKinds, type CloudSettings } from './cloud.ts'
import { clouds, findCloud } from './clouds.ts'
import { accountFile, FakeTokens } from './google/service-account.fake.ts'

const common: (keyof CloudSettings)[] = ['baseUrl', 'apiKey']

/** The least each kind is made from. */
const least: Record<string, Omit<CloudSettings, 'name'>> = {
  azure: { resource: 'acme', apiKey: 'the-key' },
  vertex: { credentials: accountFile },
  bedrock: { region: 'eu-central-1', apiKey: 'the-key' },
  'bedrock-mantle': { region: 'eu-central-1', apiKey: 'the-key' },
}

describe('clouds', () => {
  it('are one of each kind, found by it, and no name of the catalogue', () => {
    expect(clouds.map((cloud) => cloud.kind)).toEqual(cloudKinds)
    for (const cloud of clouds) expect(findCloud(cloud.kind)).toBe(cloud)
    for (const kind of cloudKinds) expect(findInCatalogue(kind)).toBeUndefined()
    expect(findCloud('constructor')).toBeUndefined()
  })

  it.each(clouds.map((cloud) => [cloud.kind, cloud] as const))('%s is well formed', (_, cloud) => {
    const names = cloud.variables.flatMap((variables) => variables.names)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[A-Z][A-Z0-9_]+$/)
    for (const name of cloud.enabledBy) expect(names).toContain(name)
    for (const { option } of cloud.variables)
      expect([...common, ...cloud.options]).toContain(option)
    expect(cloud.credentials !== undefined).toBe(cloud.options.includes('credentials'))
    expect(cloud.title).not.toBe('')
  })

  it.each(clouds.map((cloud) => [cloud.kind, cloud] as const))(
    '%s makes a provider that speaks what it says, or names what is missing',
    (kind, cloud) => {
      const deps = new FakeTokens(new FakeClock())
      const provider = cloud.create(
        { name: 'own', models: ['a'], quirks: { noFinish: true }, ...least[kind] },
        deps,
      )
      expect(provider).toMatchObject({
        name: 'own',
        models: ['a'],
        quirks: { noFinish: true },
        dialect: cloud.dialects[0],
        origin: expect.stringMatching(/^https:/),
      })
      expect(Object.isFrozen(provider)).toBe(true)
      expect(cloud.create({ name: 'own' }, deps)).toEqual({
        message: expect.stringMatching(/\.$/),
        fix: expect.stringContaining('Set '),
      })
    },
  )

  it('know every credential that stands for others', () => {
    const credentials = alternatives.find((group) => group.includes('apiKey')) ?? []
    const named = clouds
      .flatMap((cloud) => cloud.options)
      .filter((option) => /key|token|credential/i.test(option))
    for (const option of named) expect(credentials).toContain(option)
  })
})
