import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type AzureSettings, createAzureProvider } from './provider.ts'
import type { ProviderRequest } from '../provider.ts'
import { originalChat } from '../catalogue/compatibility.ts'

const resource = { name: 'azure', resource: 'acme', apiKey: 'azure-secret' }

/** A call as dispatch makes one: the path of a dialect below the provider's own. */
function call(settings: AzureSettings, path: string, model = 'my-gpt'): ProviderRequest {
  const provider = createAzureProvider(settings)
  return {
    method: 'POST',
    path: provider.basePath + path,
    headers: { accept: 'application/json', ...provider.headers() },
    body: '{"model":"my-gpt"}',
    model,
    stream: false,
  }
}

async function prepared(settings: AzureSettings, path: string, model?: string) {
  return createAzureProvider(settings).prepare?.(call(settings, path, model))
}

describe('where calls go', () => {
  it.each<[Partial<AzureSettings>, string, string]>([
    [{}, '/chat/completions', '/openai/v1/chat/completions'],
    [{}, '/responses', '/openai/v1/responses'],
    [{}, '/embeddings', '/openai/v1/embeddings'],
    [{ apiVersion: 'preview' }, '/responses', '/openai/v1/responses?api-version=preview'],
    [{ apiVersion: 'v1' }, '/files?limit=2', '/openai/v1/files?limit=2&api-version=v1'],
    [
      { apiVersion: '2024-10-21' },
      '/chat/completions',
      '/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21',
    ],
    [
      { apiVersion: '2025-04-01-preview' },
      '/chat/completions',
      '/openai/deployments/my-gpt/chat/completions?api-version=2025-04-01-preview',
    ],
    [
      { apiVersion: '2024-10-21' },
      '/completions',
      '/openai/deployments/my-gpt/completions?api-version=2024-10-21',
    ],
    [
      { apiVersion: '2024-10-21' },
      '/embeddings',
      '/openai/deployments/my-gpt/embeddings?api-version=2024-10-21',
    ],
    [
      { apiVersion: '2024-10-21' },
      '/images/generations',
      '/openai/deployments/my-gpt/images/generations?api-version=2024-10-21',
    ],
    [
      { apiVersion: '2024-10-21' },
      '/audio/transcriptions',
      '/openai/deployments/my-gpt/audio/transcriptions?api-version=2024-10-21',
    ],
    // These stand beside the deployments.
    [
      { apiVersion: '2025-04-01-preview' },
      '/responses',
      '/openai/responses?api-version=2025-04-01-preview',
    ],
    [
      { apiVersion: '2024-10-21' },
      '/files?limit=2',
      '/openai/files?limit=2&api-version=2024-10-21',
    ],
  ])('%j%s goes to %s', async (settings, path, expected) => {
    expect(await prepared({ ...resource, ...settings }, path)).toMatchObject({
      method: 'POST',
      path: expected,
      body: '{"model":"my-gpt"}',
    })
    expect(createAzureProvider({ ...resource, ...settings }).origin).toBe(
      'https://acme.openai.azure.com',
    )
  })

  it.each([
    ['https://acme.openai.azure.com', '/openai/v1'],
    ['https://acme.openai.azure.com/', '/openai/v1'],
    ['https://acme.openai.azure.com/openai', '/openai/v1'],
    ['https://acme.openai.azure.com/openai/v1/', '/openai/v1'],
    ['https://acme.cognitiveservices.azure.com', '/openai/v1'],
    ['https://acme.services.ai.azure.com/api/projects/one', '/api/projects/one/openai/v1'],
    ['https://gateway.example/azure', '/azure/openai/v1'],
    ['https://gateway.example/azure/v1', '/azure/v1'],
  ])('%s has its paths below %s', (baseUrl, basePath) => {
    expect(createAzureProvider({ name: 'azure', baseUrl }).basePath).toBe(basePath)
  })

  it('keeps what stands before the older interface', async () => {
    const settings = {
      name: 'azure',
      baseUrl: 'https://gateway.example/azure/',
      apiVersion: '2024-10-21',
    }
    expect(await prepared(settings, '/chat/completions')).toMatchObject({
      path: '/azure/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21',
    })
  })

  it('serves the endpoint for models of other makers, which wants a version', async () => {
    const settings = { ...resource, baseUrl: 'https://acme.services.ai.azure.com/models' }
    expect(await prepared(settings, '/chat/completions')).toMatchObject({
      path: '/models/chat/completions?api-version=2024-05-01-preview',
    })
    expect(
      await prepared({ ...settings, apiVersion: '2025-01-01-preview' }, '/chat/completions'),
    ).toMatchObject({ path: '/models/chat/completions?api-version=2025-01-01-preview' })
    expect(createAzureProvider(settings).dialectsFor).toBeUndefined()
    expect(createAzureProvider(settings).quirks).toEqual({})
  })

  it.each([
    ['../../other', '/openai/deployments/..%2F..%2Fother/chat/completions?api-version=2024-10-21'],
    ['a?b#c', '/openai/deployments/a%3Fb%23c/chat/completions?api-version=2024-10-21'],
  ])('no name of a model leaves its segment: %s', async (model, path) => {
    expect(
      await prepared({ ...resource, apiVersion: '2024-10-21' }, '/chat/completions', model),
    ).toMatchObject({ path })
  })

  it('no name of a model is a step upward', async () => {
    await expect(
      prepared({ ...resource, apiVersion: '2024-10-21' }, '/chat/completions', '..'),
    ).rejects.toMatchObject({ code: 'model_not_found' })
  })

  it('needs an address', () => {
    expect(() => createAzureProvider({ name: 'azure' })).toThrow(
      'neither an address nor a resource',
    )
  })
})

describe('what it speaks', () => {
  it.each<[string | undefined, string, readonly string[]]>([
    [undefined, 'my-gpt', ['openai-chat', 'openai-responses']],
    [undefined, 'gpt-5-codex', ['openai-responses']],
    ['2025-03-01-preview', 'my-gpt', ['openai-chat', 'openai-responses']],
  ])('with the version %s, %s: %j', (apiVersion, model, dialects) => {
    expect(createAzureProvider({ ...resource, apiVersion }).dialectsFor?.(model)).toEqual(dialects)
  })

  it('with a version from before the other dialect, the one alone', () => {
    expect(createAzureProvider({ ...resource, apiVersion: '2024-10-21' })).toMatchObject({
      dialect: 'openai-chat',
    })
    expect(
      createAzureProvider({ ...resource, apiVersion: '2024-10-21' }).dialectsFor,
    ).toBeUndefined()
  })

  it.each<[string | undefined, object]>([
    [undefined, originalChat],
    ['2024-09-01-preview', originalChat],
    ['2024-06-01', { noStreamOptions: true }],
  ])('with the version %s', (apiVersion, quirks) => {
    expect(createAzureProvider({ ...resource, apiVersion }).quirks).toEqual(quirks)
    expect(
      createAzureProvider({ ...resource, apiVersion, quirks: { noFinish: true } }).quirks,
    ).toEqual({ ...quirks, noFinish: true })
  })
})

describe('credentials', () => {
  it('are a key in its own header', async () => {
    expect(createAzureProvider(resource).headers()).toEqual({ 'api-key': 'azure-secret' })
    expect(await prepared(resource, '/chat/completions')).toMatchObject({
      headers: { accept: 'application/json', 'api-key': 'azure-secret' },
    })
  })

  it('are a token asked for on every call, which goes before the key', async () => {
    const tokens = ['entra-token-1', 'entra-token-2']
    const provider = createAzureProvider({
      ...resource,
      token: () => Promise.resolve(tokens.shift() ?? ''),
    })
    expect(provider.headers()).toEqual({})
    const request = {
      ...call(resource, '/chat/completions'),
      headers: { accept: 'application/json' },
    }
    expect(await provider.prepare?.(request)).toMatchObject({
      path: '/openai/v1/chat/completions',
      headers: { accept: 'application/json', authorization: 'Bearer entra-token-1' },
    })
    expect(await provider.prepare?.(request)).toMatchObject({
      headers: { authorization: 'Bearer entra-token-2' },
    })
    expect(provider.redact('bad entra-token-1 and entra-token-2')).toBe(
      'bad [removed] and [removed]',
    )
    await expect(provider.prepare?.(request)).rejects.toMatchObject({
      code: 'provider_credentials',
    })
  })

  it.each<Record<string, string>>([{ authorization: 'Bearer mine' }, { 'api-key': 'mine' }])(
    'are replaced by a configured header: %j',
    async (headers) => {
      const settings = { ...resource, token: () => 'entra-token', headers }
      expect(createAzureProvider(settings).headers()).toEqual(headers)
      expect(await prepared(settings, '/chat/completions')).toMatchObject({
        headers: { accept: 'application/json', ...headers },
      })
    },
  )

  it('appear in no text and in no printing', () => {
    const provider = createAzureProvider({
      ...resource,
      headers: { 'x-extra': 'header-secret' },
      models: ['my-gpt'],
    })
    expect(provider.redact('wrong key azure-secret, header-secret')).toBe(
      'wrong key [removed], [removed]',
    )
    const printed =
      JSON.stringify(provider) +
      inspect(provider, { showHidden: true, depth: 9 }) +
      JSON.stringify({ ...provider })
    expect(printed).toContain('my-gpt')
    expect(printed).not.toContain('secret')
  })
})

it('is frozen', () => {
  const provider = createAzureProvider(resource)
  for (const part of [provider, provider.headers(), provider.models, provider.quirks])
    expect(Object.isFrozen(part)).toBe(true)
})
