import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../clock.fake.ts'
import { GatewayError } from '../../errors.ts'
import type { PreparedRequest, ProviderRequest } from '../provider.ts'
import { accountFile, FakeTokens, granted } from './service-account.fake.ts'
import { createVertexProvider, type VertexSettings } from './provider.ts'

const settings: VertexSettings = {
  name: 'vertex',
  project: 'acme-1',
  location: 'us-central1',
  token: () => 'user-token',
}
const gemini = '/v1beta/models/ignored:generateContent'
const at = '/v1/projects/acme-1/locations/us-central1'

interface Call extends Partial<ProviderRequest> {
  readonly path: string
  readonly model: string
}

async function prepared(
  call: Call,
  changes: Partial<VertexSettings> = {},
): Promise<PreparedRequest> {
  const made = provider(changes)
  const request = {
    method: 'POST',
    body: '{}',
    stream: false,
    ...call,
    path: made.basePath + call.path,
    headers: { ...made.headers(), ...call.headers },
  }
  return (await made.prepare?.(request)) as PreparedRequest
}

function provider(changes: Partial<VertexSettings> = {}) {
  return createVertexProvider({ ...settings, ...changes }, new FakeTokens(new FakeClock()))
}

describe('where calls go', () => {
  it.each([
    [undefined, 'https://aiplatform.googleapis.com'],
    ['global', 'https://aiplatform.googleapis.com'],
    ['us-central1', 'https://us-central1-aiplatform.googleapis.com'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com'],
    ['us', 'https://aiplatform.us.rep.googleapis.com'],
  ])('the host of %s is %s', (location, origin) => {
    expect(provider({ location })).toMatchObject({ origin, basePath: '' })
  })

  it('the location stands in the path as well, also the default one', async () => {
    expect(
      await prepared({ path: gemini, model: 'gemini-3-pro' }, { location: undefined }),
    ).toMatchObject({
      path: '/v1/projects/acme-1/locations/global/publishers/google/models/gemini-3-pro:generateContent',
    })
  })

  it.each([
    'https://proxy.example/vertex',
    'https://proxy.example/vertex/v1/',
    'https://proxy.example/vertex/v1beta1',
  ])('another address is kept: %s', async (baseUrl) => {
    expect(provider({ baseUrl })).toMatchObject({
      origin: 'https://proxy.example',
      basePath: '/vertex',
    })
    expect(await prepared({ path: gemini, model: 'gemini-3-pro' }, { baseUrl })).toMatchObject({
      path: `/vertex${at}/publishers/google/models/gemini-3-pro:generateContent`,
    })
    expect(await prepared({ path: '/v1/messages', model: 'claude-x' }, { baseUrl })).toMatchObject({
      path: `/vertex${at}/publishers/anthropic/models/claude-x:rawPredict`,
    })
    expect(
      await prepared({ path: '/chat/completions', model: 'meta/x' }, { baseUrl }),
    ).toMatchObject({ path: `/vertex${at}/endpoints/openapi/chat/completions` })
  })
})

describe('Gemini', () => {
  it.each([
    ['gemini-3-pro', gemini, `${at}/publishers/google/models/gemini-3-pro:generateContent`],
    [
      'gemini-3-pro',
      '/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse',
      `${at}/publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse`,
    ],
    [
      'gemini-3-pro',
      '/v1/models/gemini-3-pro:countTokens',
      `${at}/publishers/google/models/gemini-3-pro:countTokens`,
    ],
    ['google/gemini-3-pro', gemini, `${at}/publishers/google/models/gemini-3-pro:generateContent`],
    ['models/gemini-3-pro', gemini, `${at}/publishers/google/models/gemini-3-pro:generateContent`],
    [
      'publishers/google/models/gemini-3-pro',
      gemini,
      `${at}/publishers/google/models/gemini-3-pro:generateContent`,
    ],
    ['endpoints/1234', gemini, `${at}/endpoints/1234:generateContent`],
    ['endpoints/../../other', gemini, `${at}/endpoints/..%2F..%2Fother:generateContent`],
    [
      'publishers/google/models/../../x?y',
      gemini,
      `${at}/publishers/google/models/..%2F..%2Fx%3Fy:generateContent`,
    ],
  ])('%s by %s goes to %s', async (model, path, expected) => {
    expect(provider().dialectsFor?.(model)).toEqual(['gemini'])
    const body = '{"contents":[]}'
    expect(await prepared({ path, model, body })).toEqual({
      method: 'POST',
      path: expected,
      headers: { authorization: 'Bearer user-token' },
      body,
    })
  })

  it('refuses what is no call of its dialect, so that another target is asked', async () => {
    await expect(prepared({ path: '/embeddings', model: 'gemini-3-pro' })).rejects.toMatchObject({
      code: 'unsupported_content',
      details: { provider: 'vertex' },
    })
  })

  it('no name of a model is a step upward', async () => {
    await expect(prepared({ path: gemini, model: 'google/..' })).rejects.toMatchObject({
      code: 'model_not_found',
    })
  })
})

describe('Claude', () => {
  const body = { model: 'whatever', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] }
  const headers = {
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'interleaved-thinking-2025-05-14',
    accept: 'application/json',
  }

  it.each([
    ['claude-sonnet-4-5@20250929', 'claude-sonnet-4-5@20250929'],
    ['anthropic/claude-opus-4-8', 'claude-opus-4-8'],
    ['publishers/anthropic/models/claude-opus-4-8', 'claude-opus-4-8'],
  ])('%s has its model in the path and the version in the body', async (model, segment) => {
    expect(provider().dialectsFor?.(model)).toEqual(['anthropic-messages'])
    const request = await prepared({
      path: '/v1/messages',
      model,
      headers,
      body: JSON.stringify(body),
    })
    expect(request).toMatchObject({
      method: 'POST',
      path: `${at}/publishers/anthropic/models/${segment}:rawPredict`,
    })
    expect(JSON.parse(request.body as string)).toEqual({
      max_tokens: 10,
      messages: body.messages,
      anthropic_version: 'vertex-2023-10-16',
    })
    expect(request.headers).toEqual({
      accept: 'application/json',
      'anthropic-beta': headers['anthropic-beta'],
      authorization: 'Bearer user-token',
    })
  })

  it('streams by another name, and takes bytes that are relayed', async () => {
    const bytes = new TextEncoder().encode(
      JSON.stringify({ ...body, stream: true, anthropic_version: 'bedrock-2023-05-31' }),
    )
    const request = await prepared({
      path: '/v1/messages?beta=true',
      model: 'claude-opus-4-8',
      body: bytes,
      stream: true,
    })
    expect(request.path).toBe(`${at}/publishers/anthropic/models/claude-opus-4-8:streamRawPredict`)
    expect(JSON.parse(request.body as string)).toEqual({
      max_tokens: 10,
      messages: body.messages,
      stream: true,
      anthropic_version: 'vertex-2023-10-16',
    })
  })

  it('counts tokens at a model of its own, with the model in the body and without betas', async () => {
    const request = await prepared({
      path: '/v1/messages/count_tokens?beta=true',
      model: 'anthropic/claude-opus-4-8',
      headers,
      body: JSON.stringify(body),
    })
    expect(request.path).toBe(`${at}/publishers/anthropic/models/count-tokens:rawPredict`)
    expect(JSON.parse(request.body as string)).toMatchObject({
      model: 'claude-opus-4-8',
      anthropic_version: 'vertex-2023-10-16',
    })
    expect(request.headers).toEqual({
      accept: 'application/json',
      authorization: 'Bearer user-token',
    })
  })

  it('refuses what is no call of its dialect', async () => {
    await expect(
      prepared({ path: '/v1/messages/batches', model: 'claude-opus-4-8' }),
    ).rejects.toMatchObject({ code: 'unsupported_content' })
    await expect(
      prepared({ path: '/v1/messages', model: 'claude-opus-4-8', body: undefined }),
    ).rejects.toBeInstanceOf(GatewayError)
  })
})

describe('the models of other makers', () => {
  it.each([
    [
      'meta/llama-4-maverick-17b-128e-instruct-maas',
      'meta/llama-4-maverick-17b-128e-instruct-maas',
    ],
    ['publishers/mistralai/models/mistral-medium-3', 'mistralai/mistral-medium-3'],
  ])('%s is requested at the OpenAI-compatible endpoint', async (model, named) => {
    expect(provider().dialectsFor?.(model)).toEqual(['openai-chat'])
    const request = await prepared({
      path: '/chat/completions',
      model,
      body: JSON.stringify({ model, messages: [] }),
    })
    expect(request.path).toBe(`${at}/endpoints/openapi/chat/completions`)
    expect(JSON.parse(request.body as string)).toEqual({ model: named, messages: [] })
  })
})

describe('credentials', () => {
  const call = { path: gemini, model: 'gemini-3-pro' }

  it('are the token of a service account, asked for once', async () => {
    const tokens = new FakeTokens(new FakeClock(), [granted('ya29.account-token')])
    const { token: _, ...rest } = settings
    const account = createVertexProvider({ ...rest, credentials: accountFile }, tokens)
    const request = { method: 'POST', headers: {}, body: '{}', stream: false, ...call }
    const both = await Promise.all([account.prepare?.(request), account.prepare?.(request)])
    for (const one of both)
      expect(one?.headers).toEqual({ authorization: 'Bearer ya29.account-token' })
    expect(tokens.requests).toHaveLength(1)
    expect(account.redact('bad ya29.account-token')).toBe('bad [removed]')
  })

  it('are an API key, with or without a project', async () => {
    const express = { token: undefined, project: undefined, apiKey: 'express-secret' }
    expect(await prepared(call, express)).toMatchObject({
      path: '/v1/publishers/google/models/gemini-3-pro:generateContent',
      headers: { 'x-goog-api-key': 'express-secret' },
    })
    expect(await prepared(call, { ...express, project: 'acme-1' })).toMatchObject({
      path: `${at}/publishers/google/models/gemini-3-pro:generateContent`,
    })
    await expect(
      prepared({ path: '/v1/messages', model: 'claude-opus-4-8' }, express),
    ).rejects.toMatchObject({
      code: 'provider_credentials',
      message: expect.stringContaining('Configure a project'),
    })
  })

  it('are what the machine has when nothing else is said', async () => {
    class GoogleAuth {
      getAccessToken = () => Promise.resolve('machine-token')
    }
    const machine = { token: undefined, loadLibrary: () => Promise.resolve({ GoogleAuth }) }
    expect(await prepared(call, machine)).toMatchObject({
      headers: { authorization: 'Bearer machine-token' },
    })
    const missing = { token: undefined, loadLibrary: () => Promise.reject(new Error('not there')) }
    await expect(prepared(call, missing)).rejects.toMatchObject({
      code: 'provider_credentials',
      message: expect.stringContaining('npm install google-auth-library'),
    })
  })

  it.each<Record<string, string>>([{ authorization: 'Bearer mine' }, { 'x-goog-api-key': 'mine' }])(
    'are replaced by a configured header: %j',
    async (headers) => {
      expect((await prepared(call, { headers, apiKey: 'express-secret' })).headers).toEqual(headers)
    },
  )

  it('cannot be a key that does not sign', () => {
    expect(() =>
      provider({ token: undefined, credentials: { ...accountFile, private_key: 'x' } }),
    ).toThrow(TypeError)
  })

  it('appear in no printing', () => {
    const { token: _, ...rest } = settings
    for (const credential of [
      { credentials: accountFile },
      { apiKey: 'express-secret' },
      { token: () => 'user-secret' },
    ]) {
      const made = createVertexProvider(
        {
          ...rest,
          ...credential,
          headers: { 'x-extra': 'header-secret' },
          models: ['gemini-3-pro'],
        },
        new FakeTokens(new FakeClock()),
      )
      const printed =
        JSON.stringify(made) +
        inspect(made, { showHidden: true, depth: 9 }) +
        JSON.stringify({ ...made })
      expect(printed).toContain('gemini-3-pro')
      expect(printed).not.toMatch(/secret|PRIVATE KEY/)
    }
  })
})

it('is frozen', () => {
  for (const part of [provider(), provider().headers(), provider().models, provider().quirks])
    expect(Object.isFrozen(part)).toBe(true)
})
