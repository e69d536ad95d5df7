import { describe, expect, it } from 'vitest'
import { fillAddress, placeholdersOf } from '../address.ts'
import { catalogue, findInCatalogue } from './catalogue.ts'
import { dialectNames } from './entry.ts'
import { clouds } from '../clouds.ts'
import { createProvider } from '../provider.ts'

const loopback = /^http:\/\/127\.0\.0\.1:\d+\//

/** Variables more than one provider reads, each on purpose. */
const sharedKeyVariables: string[] = []

describe('catalogue', () => {
  it('knows the three families and at least 38 services and servers of the OpenAI dialect', () => {
    expect(catalogue.slice(0, 3).map((entry) => entry.name)).toEqual([
      'openai',
      'anthropic',
      'gemini',
    ])
    expect(
      catalogue.filter((entry) => entry.dialect === 'openai-chat').length,
    ).toBeGreaterThanOrEqual(38)
  })

  it('has a provider for each dialect', () => {
    const spoken = new Set([
      ...catalogue.flatMap((entry) => [entry.dialect, ...entry.alsoSpeaks]),
      ...clouds.flatMap((cloud) => cloud.dialects),
    ])
    expect(dialectNames.filter((name) => !spoken.has(name))).toEqual([])
  })

  it('has unique names, each found by name', () => {
    expect(new Set(catalogue.map((entry) => entry.name)).size).toBe(catalogue.length)
    for (const entry of catalogue) expect(findInCatalogue(entry.name)).toBe(entry)
    expect(findInCatalogue('constructor')).toBeUndefined()
  })

  it('reads no key variable for two providers by accident', () => {
    const variables = catalogue.flatMap((entry) => entry.keyVariables)
    const twice = variables.filter((variable, index) => variables.indexOf(variable) !== index)
    expect(twice).toEqual(sharedKeyVariables)
  })

  it.each(catalogue.map((entry) => [entry.name, entry] as const))(
    '%s is well formed',
    (name, entry) => {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(entry.title).not.toBe('')
      expect(entry.keyVariables[0]).toBe(`${name.toUpperCase().replaceAll('-', '_')}_API_KEY`)
      for (const variable of entry.keyVariables) expect(variable).toMatch(/^[A-Z][A-Z0-9_]+$/)
      expect(entry.baseUrl).toMatch(entry.isLocal ? loopback : /^https:\/\//)
      expect(entry.baseUrl).not.toMatch(/\/$/)
      for (const prefix of entry.modelPrefixes) expect(prefix).toMatch(/^[\w-]+$/)
      if (entry.listModelsPath !== undefined)
        expect(entry.listModelsPath).toMatch(/^\/[^?]*models(\?\w+=\d+)?$/)
    },
  )

  it.each(catalogue.map((entry) => [entry.name, entry] as const))(
    '%s gets its key in its own header, at its own address',
    (name, entry) => {
      const filled = fillAddress(entry, () => 'account-1')
      if (!('baseUrl' in filled)) throw new Error(`unfilled: ${filled.missing.join()}`)
      const provider = createProvider({ name, baseUrl: filled.baseUrl, apiKey: 'the-key' }, entry)
      const expected =
        entry.auth === 'bearer' ? { authorization: 'Bearer the-key' } : { [entry.auth]: 'the-key' }
      expect(provider.headers()).toMatchObject(expected)
      expect(provider.origin + provider.basePath).toBe(filled.baseUrl)
      expect(provider.quirks).toEqual(entry.quirks)
    },
  )
})

describe('what OpenAI speaks', () => {
  const openai = findInCatalogue('openai')
  const provider = createProvider(
    { name: 'openai', baseUrl: 'https://api.openai.com/v1', apiKey: 'the-key' },
    openai,
  )

  it.each([
    'gpt-5.1',
    'gpt-5-mini',
    'gpt-4o',
    'gpt-4o-mini-2024-07-18',
    'o3',
    'o4-mini',
    'chatgpt-4o-latest',
    'gpt-5-chat-latest',
    'gpt-professional',
    'codexample',
    'gpt-researcher',
  ])('%s: both', (model) => {
    expect(provider.dialectsFor?.(model)).toEqual(['openai-chat', 'openai-responses'])
  })

  it.each([
    'o1-pro',
    'o1-pro-2025-03-19',
    'o3-pro',
    'gpt-5-pro',
    'gpt-5-pro-2025-10-06',
    'gpt-5.2-pro',
    'gpt-5.10-pro-2026-01-01',
    'gpt-5-codex',
    'gpt-5.1-codex-mini',
    'gpt-5.3-codex',
    'gpt-5.3-codex-spark',
    'codex-mini-latest',
    'computer-use-preview',
    'computer-use-preview-2025-03-11',
    'o3-deep-research',
    'o4-mini-deep-research-2025-06-26',
  ])('%s: Responses alone', (model) => {
    expect(provider.dialectsFor?.(model)).toEqual(['openai-responses'])
  })

  it.each([
    'gpt-4o-audio-preview',
    'gpt-4o-mini-audio-preview-2024-12-17',
    'gpt-audio',
    'gpt-audio-1.5',
    'gpt-4o-search-preview',
    'gpt-5-search-api',
  ])('%s: Chat Completions alone', (model) => {
    expect(provider.dialectsFor?.(model)).toEqual(['openai-chat'])
  })

  it('takes no long time for a long name', () => {
    const started = performance.now()
    for (const name of ['gpt-', 'gpt-a-', 'x-codex-', '-deep-research-'])
      provider.dialectsFor?.(`${name.repeat(50_000)}!`)
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it.each(['xai', 'groq', 'fireworks', 'openrouter', 'ollama', 'vllm', 'lm-studio'])(
    '%s serves /responses as well',
    (name) => {
      expect(findInCatalogue(name)?.alsoSpeaks).toEqual(['openai-responses'])
    },
  )
})

describe('fillAddress', () => {
  const databricks = findInCatalogue('databricks')
  if (databricks === undefined) throw new Error('not in the catalogue')

  it.each([
    ['adb-1.azuredatabricks.net', 'https://adb-1.azuredatabricks.net/serving-endpoints'],
    ['https://adb-1.azuredatabricks.net/', 'https://adb-1.azuredatabricks.net/serving-endpoints'],
  ])('fills %s in', (host, baseUrl) => {
    expect(fillAddress(databricks, () => host)).toEqual({ baseUrl })
  })

  it.each([undefined, '', 'evil.example/path', 'user@evil.example', 'a b', '..'])(
    'names the variable when it holds %j',
    (host) => {
      expect(fillAddress(databricks, () => host)).toEqual({ missing: ['DATABRICKS_HOST'] })
    },
  )

  it('tells which variables an address needs', () => {
    expect(placeholdersOf(databricks)).toEqual(['DATABRICKS_HOST'])
  })
})
