import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { CatalogueEntry } from './catalogue/entry.ts'
import { findInCatalogue } from './catalogue/catalogue.ts'
import { createProvider } from './provider.ts'
import { originalChat } from './catalogue/compatibility.ts'

function known(name: string): CatalogueEntry {
  const entry = findInCatalogue(name)
  if (entry === undefined) throw new Error(`${name} is not in the catalogue`)
  return entry
}

describe('createProvider', () => {
  it('splits the address and speaks the OpenAI dialect unless told otherwise', () => {
    const provider = createProvider({
      name: 'gpu',
      baseUrl: 'http://10.0.0.7:8000/openai/v1/',
      models: ['a/b:free'],
    })
    expect(provider).toMatchObject({
      name: 'gpu',
      dialect: 'openai-chat',
      origin: 'http://10.0.0.7:8000',
      basePath: '/openai/v1',
      models: ['a/b:free'],
      modelPrefixes: [],
      listModelsPath: '/models',
    })
    expect(provider.headers()).toEqual({})
  })

  it.each([
    ['openai-chat', { authorization: 'Bearer k' }],
    ['anthropic-messages', { 'anthropic-version': '2023-06-01', 'x-api-key': 'k' }],
    ['gemini', { 'x-goog-api-key': 'k' }],
    ['openai-responses', { authorization: 'Bearer k' }],
    ['bedrock-converse', { authorization: 'Bearer k' }],
    ['cohere', { authorization: 'Bearer k' }],
  ] as const)('sends the key of an unknown %s server as that dialect does', (dialect, headers) => {
    expect(
      createProvider({ name: 'own', baseUrl: 'http://10.0.0.7', dialect, apiKey: 'k' }).headers(),
    ).toEqual(headers)
  })

  it('adds configured headers, which may replace the credential', () => {
    const base = { name: 'own', baseUrl: 'http://10.0.0.7', apiKey: 'k' }
    expect(createProvider({ ...base, headers: { 'x-team': 'a' } }).headers()).toEqual({
      authorization: 'Bearer k',
      'x-team': 'a',
    })
    expect(createProvider({ ...base, headers: { authorization: 'Token t' } }).headers()).toEqual({
      authorization: 'Token t',
    })
  })

  it.each([
    ['anthropic', 'https://proxy.example/anthropic/v1', '/anthropic'],
    ['anthropic', 'https://proxy.example', ''],
    ['gemini', 'https://proxy.example/v1beta/', ''],
    ['cohere', 'https://proxy.example/v2', ''],
    ['openai', 'https://proxy.example/v1', '/v1'],
    ['openai', 'https://proxy.example', ''],
    ['ollama', 'http://gpu:11434', '/v1'],
    ['ollama', 'http://gpu:11434/custom', '/custom'],
  ])('%s at %s has its paths below "%s"', (name, baseUrl, basePath) => {
    expect(createProvider({ name, baseUrl }, known(name)).basePath).toBe(basePath)
  })

  it('trusts a service to be exact only at its own address', () => {
    expect(
      createProvider({ name: 'openai', baseUrl: 'https://api.openai.com/v1' }, known('openai'))
        .quirks.exact,
    ).toBe(true)
    expect(
      createProvider(
        { name: 'anthropic', baseUrl: 'https://api.anthropic.com' },
        known('anthropic'),
      ).quirks.exact,
    ).toBe(true)
    const elsewhere = createProvider(
      { name: 'openai', baseUrl: 'https://api.openai.com.evil.example/v1' },
      known('openai'),
    )
    expect(elsewhere.quirks).toEqual({ ...originalChat, developerRole: true })
    expect(
      createProvider(
        { name: 'openai', baseUrl: 'http://127.0.0.1:9/v1', quirks: { exact: true } },
        known('openai'),
      ).quirks.exact,
    ).toBe(true)
  })

  it('forgets what it knows of a wire format when another one is spoken', () => {
    const provider = createProvider(
      {
        name: 'minimax',
        baseUrl: 'https://api.minimax.io/anthropic/v1',
        dialect: 'anthropic-messages',
        apiKey: 'k',
      },
      known('minimax'),
    )
    expect(provider).toMatchObject({
      basePath: '/anthropic',
      listModelsPath: '/v1/models?limit=1000',
      modelPrefixes: ['MiniMax-'],
      quirks: {},
    })
    expect(provider.headers()).toEqual({ 'anthropic-version': '2023-06-01', 'x-api-key': 'k' })
  })

  it('speaks what the catalogue says, or what was configured, wherever it is', () => {
    const at = { name: 'openai', baseUrl: 'http://127.0.0.1:9/v1' }
    expect(createProvider(at, known('openai')).dialectsFor?.('gpt-5')).toEqual([
      'openai-chat',
      'openai-responses',
    ])
    expect(
      createProvider({ ...at, alsoSpeaks: [] }, known('openai')).dialectsFor?.('gpt-5'),
    ).toEqual(['openai-chat'])
    expect(
      createProvider({ ...at, alsoSpeaks: [] }, known('openai')).dialectsFor?.('o3-pro'),
    ).toEqual(['openai-responses'])
    expect(
      createProvider({
        ...at,
        name: 'own',
        alsoSpeaks: ['openai-responses', 'openai-chat'],
      }).dialectsFor?.('o3-pro'),
    ).toEqual(['openai-chat', 'openai-responses'])
    expect(
      createProvider({ ...at, dialect: 'anthropic-messages' }, known('openai')).dialectsFor,
    ).toBeUndefined()
    expect(
      createProvider({ name: 'deepseek', baseUrl: 'http://127.0.0.1:9/v1' }, known('deepseek'))
        .dialectsFor,
    ).toBeUndefined()
  })

  it('takes its secrets out of a text, not what everybody sends', () => {
    const provider = createProvider(
      {
        name: 'claude',
        baseUrl: 'http://10.0.0.7',
        apiKey: 'plain words of 2023-06-01',
        headers: { 'x-extra': 'Bearer header-secret', 'x-team': 'a' },
      },
      known('anthropic'),
    )
    expect(
      provider.redact('a bad header-secret or plain words of 2023-06-01, version 2023-06-01'),
    ).toBe('a bad [removed] or [removed], version 2023-06-01')
  })

  it('is frozen and shows no secret, however it is printed', () => {
    const provider = createProvider({
      name: 'own',
      baseUrl: 'http://10.0.0.7',
      apiKey: 'provider-secret',
      headers: { 'x-extra': 'header-secret' },
    })
    expect(Object.isFrozen(provider)).toBe(true)
    expect(Object.isFrozen(provider.headers())).toBe(true)
    const printed =
      JSON.stringify(provider) +
      inspect(provider, { showHidden: true, depth: 9 }) +
      JSON.stringify({ ...provider })
    expect(printed).toContain('own')
    expect(printed).not.toContain('secret')
  })
})
