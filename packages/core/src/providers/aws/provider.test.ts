import { inspect } from 'node:util'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../clock.fake.ts'
import {
  type BedrockSettings,
  createBedrockMantleProvider,
  createBedrockProvider,
} from './provider.ts'
import type { ProviderRequest } from '../provider.ts'

const clock = new FakeClock(Date.UTC(2026, 10, 20))
const keys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG',
  sessionToken: 'session/token+1',
}
const base: BedrockSettings = {
  name: 'bedrock',
  region: 'eu-central-1',
  credentials: { bearerToken: 'bedrock-api-key' },
}

function request(path: string, headers: Readonly<Record<string, string>>): ProviderRequest {
  return {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"messages":[]}',
    model: 'm',
    stream: false,
  }
}

describe('createBedrockProvider', () => {
  it('stands at the address of its region and speaks Converse', () => {
    const provider = createBedrockProvider(base, clock)
    expect(provider).toMatchObject({
      name: 'bedrock',
      dialect: 'bedrock-converse',
      origin: 'https://bedrock-runtime.eu-central-1.amazonaws.com',
      basePath: '',
      models: [],
    })
    expect(provider.dialectsFor?.('amazon.nova-2-lite-v1:0')).toEqual(['bedrock-converse'])
    expect(createBedrockProvider({ ...base, region: 'cn-north-1' }, clock).origin).toBe(
      'https://bedrock-runtime.cn-north-1.amazonaws.com.cn',
    )
  })

  it('goes to the configured address', () => {
    expect(
      createBedrockProvider({ ...base, baseUrl: 'http://127.0.0.1:9/bedrock/' }, clock),
    ).toMatchObject({ origin: 'http://127.0.0.1:9', basePath: '/bedrock' })
  })

  it('sends an API key as it is', () => {
    const provider = createBedrockProvider(base, clock)
    expect(provider.headers()).toEqual({ authorization: 'Bearer bedrock-api-key' })
    const asked = request('/model/m/converse', provider.headers())
    expect(provider.prepare?.(asked)).toMatchObject({
      headers: asked.headers,
      body: asked.body,
      path: asked.path,
    })
  })

  it('signs a request for an ARN as the AWS SDK does', async () => {
    const provider = createBedrockProvider({ ...base, credentials: keys }, clock)
    expect(provider.headers()).toEqual({})
    const path = `/model/${encodeURIComponent('arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-2-lite-v1:0')}/converse-stream`
    const prepared = await provider.prepare?.(request(path, {}))
    const reference = await new SignatureV4({
      region: 'eu-central-1',
      service: 'bedrock',
      credentials: keys,
      sha256: Sha256,
    }).sign(
      {
        method: 'POST',
        protocol: 'https:',
        hostname: 'bedrock-runtime.eu-central-1.amazonaws.com',
        path,
        query: {},
        headers: {
          'content-type': 'application/json',
          host: 'bedrock-runtime.eu-central-1.amazonaws.com',
        },
        body: '{"messages":[]}',
      },
      { signingDate: new Date(clock.now()) },
    )
    expect({ ...prepared?.headers, host: reference.headers.host }).toEqual(reference.headers)
    expect(prepared).toMatchObject({ method: 'POST', path, body: '{"messages":[]}' })
  })

  it('asks a function for keys or for an API key', async () => {
    const signed = createBedrockProvider({ ...base, credentials: async () => keys }, clock)
    expect((await signed.prepare?.(request('/model/m/converse', {})))?.headers).toMatchObject({
      'x-amz-security-token': keys.sessionToken,
    })
    const bearer = createBedrockProvider(
      { ...base, credentials: () => ({ bearerToken: 'short-lived-key' }) },
      clock,
    )
    expect((await bearer.prepare?.(request('/model/m/converse', {})))?.headers).toMatchObject({
      authorization: 'Bearer short-lived-key',
    })
  })

  it('rejects with provider_credentials when the function fails', async () => {
    const provider = createBedrockProvider(
      { ...base, credentials: () => Promise.reject(new Error('no role')) },
      clock,
    )
    await expect(provider.prepare?.(request('/model/m/converse', {}))).rejects.toMatchObject({
      code: 'provider_credentials',
    })
  })

  it('lets a configured authorization stand', async () => {
    const provider = createBedrockProvider(
      {
        ...base,
        credentials: keys,
        headers: { authorization: 'Bearer of-a-proxy', 'x-team': 'a' },
      },
      clock,
    )
    const asked = request('/model/m/converse', provider.headers())
    expect((await provider.prepare?.(asked))?.headers).toEqual({
      'content-type': 'application/json',
      authorization: 'Bearer of-a-proxy',
      'x-team': 'a',
    })
  })

  it('signs no body it cannot know', () => {
    const provider = createBedrockProvider({ ...base, credentials: keys }, clock)
    const body = (async function* () {
      yield new Uint8Array(1)
    })()
    expect(() => provider.prepare?.({ ...request('/x', {}), body })).toThrow(
      expect.objectContaining({ code: 'unsupported_content' }),
    )
  })

  it('takes its secrets out of texts, those of a function included', async () => {
    const fixed = createBedrockProvider(
      { ...base, credentials: keys, headers: { 'x-extra': 'header-secret' } },
      clock,
    )
    expect(
      fixed.redact(
        `${keys.secretAccessKey} ${keys.sessionToken} ${keys.accessKeyId} header-secret`,
      ),
    ).toBe('[removed] [removed] [removed] [removed]')
    expect(createBedrockProvider(base, clock).redact('Bearer bedrock-api-key')).toBe(
      'Bearer [removed]',
    )
    const renewed = createBedrockProvider({ ...base, credentials: async () => keys }, clock)
    expect(renewed.redact(keys.sessionToken)).toBe(keys.sessionToken)
    await renewed.prepare?.(request('/model/m/converse', {}))
    expect(renewed.redact(keys.sessionToken)).toBe('[removed]')
  })

  it.each([{ bearerToken: 'a-secret-key' }, { ...keys, secretAccessKey: 'a-secret-key' }])(
    'is frozen and shows no secret, however it is printed',
    (credentials) => {
      const provider = createBedrockProvider(
        { ...base, credentials, headers: { 'x-extra': 'header-secret' } },
        clock,
      )
      expect(Object.isFrozen(provider)).toBe(true)
      const printed =
        JSON.stringify(provider) +
        inspect(provider, { showHidden: true, depth: 9 }) +
        JSON.stringify({ ...provider })
      expect(printed).toContain('bedrock')
      expect(printed).not.toContain('secret')
    },
  )
})

describe('createBedrockMantleProvider', () => {
  it('stands at the OpenAI-compatible endpoint of its region', () => {
    const provider = createBedrockMantleProvider({ ...base, name: 'mantle' }, clock)
    expect(provider).toMatchObject({
      dialect: 'openai-chat',
      origin: 'https://bedrock-mantle.eu-central-1.api.aws',
      basePath: '/openai/v1',
      listModelsPath: '/models',
    })
    expect(provider.dialectsFor?.('openai.gpt-oss-120b')).toEqual([
      'openai-chat',
      'openai-responses',
    ])
    expect(provider.headers()).toEqual({ authorization: 'Bearer bedrock-api-key' })
  })

  it('signs for a service of its own name, and has no list it could not sign for', async () => {
    const provider = createBedrockMantleProvider({ ...base, credentials: keys }, clock)
    const prepared = await provider.prepare?.(request('/openai/v1/chat/completions', {}))
    expect(prepared?.headers.authorization).toContain(
      '/20261120/eu-central-1/bedrock-mantle/aws4_request, ',
    )
    expect(provider.listModelsPath).toBeUndefined()
  })
})
