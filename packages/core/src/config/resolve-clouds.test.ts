import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { clouds, type TokenRequest } from '../providers/index.ts'
import type { Environment } from './sources/env.ts'
import type { GatewayOptions, ProviderOptions } from './options.ts'
import { ConfigurationError, type Problem } from './values/problem.ts'
import { resolveSettings } from './resolve.ts'

const directory = mkdtempSync(join(tmpdir(), 'postern-clouds-'))
afterAll(() => rmSync(directory, { recursive: true }))

const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
const account = {
  type: 'service_account',
  project_id: 'account-project',
  client_email: 'a@b.example',
  private_key: privateKey,
}

function file(name: string, content: object): string {
  const path = join(directory, name)
  writeFileSync(path, JSON.stringify(content))
  return path
}

const tokenRequests: TokenRequest[] = []
const deps = {
  clock: new FakeClock(),
  fetchToken: async (request: TokenRequest) => {
    tokenRequests.push(request)
    return { status: 200, body: '{"access_token":"issued-token","expires_in":3600}' }
  },
}

function providersOf(options: GatewayOptions<never>, environment: Environment = {}) {
  return resolveSettings(options, environment, deps).providers
}

function problemsOf(options: unknown, environment: Environment = {}): readonly Problem[] {
  try {
    providersOf(options as GatewayOptions<never>, environment)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
  return []
}

/** The call after the provider's `prepare`. */
async function call(
  provider: ReturnType<ReturnType<typeof providersOf>['get']>,
  path: string,
  model: string,
) {
  if (provider === undefined) throw new Error('There is no such provider.')
  const request = {
    method: 'POST',
    path: provider.basePath + path,
    headers: { ...provider.headers() },
    body: '{}',
    model,
    stream: false,
  }
  return (await provider.prepare?.(request)) ?? request
}

describe('the environment alone', () => {
  it.each<[string, Environment, string, object]>([
    [
      'an Azure key and an endpoint',
      { AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://acme.openai.azure.com/' },
      'azure',
      { origin: 'https://acme.openai.azure.com', basePath: '/openai/v1' },
    ],
    [
      'an Azure key by its other name, and a resource',
      { AZURE_API_KEY: 'k', AZURE_RESOURCE_NAME: 'acme' },
      'azure',
      { origin: 'https://acme.openai.azure.com' },
    ],
    [
      'a dated version',
      { AZURE_API_KEY: 'k', AZURE_RESOURCE_NAME: 'acme', OPENAI_API_VERSION: '2024-10-21' },
      'azure',
      { basePath: '/openai' },
    ],
    [
      'a version that is no date',
      { AZURE_API_KEY: 'k', AZURE_RESOURCE_NAME: 'acme', OPENAI_API_VERSION: 'whatever' },
      'azure',
      { basePath: '/openai/v1' },
    ],
    [
      'a project of Vertex AI',
      {
        GOOGLE_VERTEX_PROJECT: 'p-1',
        GOOGLE_VERTEX_LOCATION: 'us-central1',
        GOOGLE_CLOUD_LOCATION: 'eu',
      },
      'vertex',
      { origin: 'https://us-central1-aiplatform.googleapis.com' },
    ],
    [
      'an API key of Vertex AI',
      { GOOGLE_VERTEX_API_KEY: 'k' },
      'vertex',
      { origin: 'https://aiplatform.googleapis.com' },
    ],
    [
      'an API key of Bedrock',
      { AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_REGION: 'eu-central-1' },
      'bedrock',
      { origin: 'https://bedrock-runtime.eu-central-1.amazonaws.com', dialect: 'bedrock-converse' },
    ],
    [
      'the region by its other name',
      { AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_DEFAULT_REGION: 'us-east-1' },
      'bedrock',
      { origin: 'https://bedrock-runtime.us-east-1.amazonaws.com' },
    ],
  ])('%s', (_, environment, name, expected) => {
    const providers = providersOf({}, environment)
    expect([...providers.keys()]).toEqual([name])
    expect(providers.get(name)).toMatchObject({ name, ...expected })
  })

  const aws = {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'aws-secret',
    AWS_REGION: 'eu-central-1',
  }
  it.each<[string, Environment]>([
    ['AWS keys', aws],
    [
      'a project of Google Cloud',
      {
        GOOGLE_CLOUD_PROJECT: 'p-1',
        GOOGLE_CLOUD_LOCATION: 'eu',
        GOOGLE_APPLICATION_CREDENTIALS: '/nowhere.json',
      },
    ],
    [
      'an endpoint of Azure',
      { AZURE_OPENAI_ENDPOINT: 'https://acme.openai.azure.com', OPENAI_API_VERSION: '2024-10-21' },
    ],
  ])(
    '%s alone are in many processes for other reasons and make nothing callable',
    (_, environment) => {
      expect(problemsOf({}, environment)).toMatchObject([{ message: 'No provider is configured.' }])
      expect([...providersOf({}, { ...environment, OPENAI_API_KEY: 'k' }).keys()]).toEqual([
        'openai',
      ])
    },
  )

  it.each<[string, GatewayOptions<never>, Environment, string[]]>([
    ['providers', { providers: { bedrock: {} } }, aws, ['bedrock']],
    ['a route', { routes: { a: ['bedrock/amazon.nova-2-lite-v1:0'] } }, aws, ['bedrock']],
    [
      'a route in the environment',
      {},
      { ...aws, POSTERN_ROUTE_A: 'bedrock-mantle/openai.gpt-oss-120b' },
      ['bedrock-mantle'],
    ],
    [
      'a route to Vertex AI',
      { routes: { a: ['vertex/gemini-3-pro'] } },
      { GOOGLE_CLOUD_PROJECT: 'p-1' },
      ['vertex'],
    ],
  ])('but they count once %s mention it', (_, options, environment, names) => {
    expect([...providersOf(options, environment).keys()]).toEqual(names)
  })

  it('knows a variable for each cloud that enables one', () => {
    expect(clouds.flatMap((cloud) => cloud.enabledBy).sort()).toEqual([
      'AWS_BEARER_TOKEN_BEDROCK',
      'AZURE_API_KEY',
      'AZURE_OPENAI_API_KEY',
      'GOOGLE_VERTEX_API_KEY',
      'GOOGLE_VERTEX_PROJECT',
    ])
  })
})

describe('what is written goes before the variables of the clouds', () => {
  it('in code and in a file', () => {
    const environment = {
      AWS_REGION: 'us-east-1',
      AWS_BEARER_TOKEN_BEDROCK: 'k',
      AZURE_API_KEY: 'k',
      AZURE_OPENAI_ENDPOINT: 'https://environment.openai.azure.com',
    }
    const config = file('postern.json', {
      providers: { bedrock: { region: 'eu-west-1' }, azure: { resource: 'from-file' } },
    })
    const providers = providersOf({ config }, environment)
    expect(providers.get('bedrock')?.origin).toBe('https://bedrock-runtime.eu-west-1.amazonaws.com')
    expect(providers.get('azure')).toMatchObject({ origin: 'https://from-file.openai.azure.com' })
    expect(providers.get('azure')?.headers()).toEqual({ 'api-key': 'k' })
  })

  it.each<[string, ProviderOptions, Environment, object]>([
    [
      'a key pair',
      { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'aws-secret' },
      { AWS_BEARER_TOKEN_BEDROCK: 'bearer' },
      { authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//) },
    ],
    [
      'an API key',
      { apiKey: 'mine' },
      { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' },
      { authorization: 'Bearer mine' },
    ],
    [
      'a function',
      { credentials: () => ({ bearerToken: 'returned' }) },
      { AWS_BEARER_TOKEN_BEDROCK: 'bearer' },
      { authorization: 'Bearer returned' },
    ],
  ])('one credential is not mixed with another: %s', async (_, bedrock, environment, headers) => {
    const provider = providersOf(
      { providers: { bedrock } },
      { AWS_REGION: 'eu-central-1', ...environment },
    ).get('bedrock')
    const sent = (await call(provider, '/model/a/converse', 'a')).headers
    expect(sent).toMatchObject(headers)
    expect(sent).not.toHaveProperty('x-amz-security-token')
  })

  it('a session token goes with the key pair it belongs to', async () => {
    const environment = {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_SESSION_TOKEN: 'session',
    }
    const provider = providersOf({ providers: { bedrock: {} } }, environment).get('bedrock')
    expect((await call(provider, '/model/a/converse', 'a')).headers).toMatchObject({
      'x-amz-security-token': 'session',
    })
  })
})

describe('a kind', () => {
  it('makes a provider of any name one at a cloud', async () => {
    const providers = providersOf(
      {
        providers: {
          'my-azure': { kind: 'azure', resource: 'acme', token: () => 'entra-token' },
          eu: { kind: 'bedrock', region: 'eu-central-1' },
          us: { kind: 'bedrock-mantle' },
          gcp: { kind: 'vertex', credentials: account },
        },
      },
      { AWS_BEARER_TOKEN_BEDROCK: 'shared', AWS_REGION: 'us-east-1' },
    )
    // The variable makes one of its own name callable as well.
    expect([...providers.keys()]).toEqual(['bedrock', 'my-azure', 'eu', 'us', 'gcp'])
    expect(providers.get('eu')).toMatchObject({
      name: 'eu',
      origin: 'https://bedrock-runtime.eu-central-1.amazonaws.com',
    })
    expect(providers.get('us')).toMatchObject({
      origin: 'https://bedrock-mantle.us-east-1.api.aws',
      dialect: 'openai-chat',
    })
    for (const name of ['eu', 'us'])
      expect(providers.get(name)?.headers()).toEqual({ authorization: 'Bearer shared' })
    expect(await call(providers.get('my-azure'), '/chat/completions', 'gpt')).toMatchObject({
      path: '/openai/v1/chat/completions',
      headers: { authorization: 'Bearer entra-token' },
    })
    expect(
      await call(providers.get('gcp'), '/v1beta/models/x:generateContent', 'gemini-3-pro'),
    ).toMatchObject({
      path: '/v1/projects/account-project/locations/global/publishers/google/models/gemini-3-pro:generateContent',
      headers: { authorization: 'Bearer issued-token' },
    })
    expect(tokenRequests.at(-1)).toMatchObject({
      origin: 'https://oauth2.googleapis.com',
      path: '/token',
    })
  })

  it('can be said in the environment', () => {
    const environment = {
      POSTERN_PROVIDER_MY_AZURE_KIND: 'azure',
      POSTERN_PROVIDER_MY_AZURE_RESOURCE: 'acme',
      POSTERN_PROVIDER_MY_AZURE_API_KEY: 'k',
      POSTERN_PROVIDER_MY_AZURE_API_VERSION: '2024-10-21',
    }
    expect(providersOf({}, environment).get('my-azure')).toMatchObject({
      origin: 'https://acme.openai.azure.com',
      basePath: '/openai',
    })
  })

  it.each([
    ['a file', () => file('account.json', account)],
    ['its content', () => JSON.stringify(account)],
  ])('takes the credentials of Vertex AI as %s', async (_, credentials) => {
    const environment = {
      GOOGLE_VERTEX_PROJECT: 'p-1',
      GOOGLE_APPLICATION_CREDENTIALS: credentials(),
    }
    const sent = await call(
      providersOf({}, environment).get('vertex'),
      '/v1beta/models/x:generateContent',
      'gemini-3-pro',
    )
    expect(sent).toMatchObject({
      path: expect.stringContaining('/projects/p-1/'),
      headers: { authorization: 'Bearer issued-token' },
    })
  })

  it('does not lend the key of one resource of Azure to another', () => {
    const environment = { AZURE_API_KEY: 'k', AZURE_RESOURCE_NAME: 'acme' }
    expect(
      problemsOf({ providers: { other: { kind: 'azure', resource: 'other' } } }, environment),
    ).toMatchObject([{ place: 'option providers.other' }])
  })

  it('is not taken from the name where a dialect is given', () => {
    const azure: ProviderOptions = {
      baseUrl: 'https://proxy.example/v1',
      dialect: 'openai-chat',
      apiKey: 'k',
    }
    const providers = providersOf(
      { providers: { azure } },
      { AZURE_API_KEY: 'other', AZURE_RESOURCE_NAME: 'acme' },
    )
    expect(providers.get('azure')).toMatchObject({
      origin: 'https://proxy.example',
      basePath: '/v1',
    })
    expect(providers.get('azure')?.headers()).toEqual({ authorization: 'Bearer k' })
  })

  it('serves an address of one\u2019s own without a key', () => {
    expect(
      providersOf({ providers: { azure: { baseUrl: 'http://127.0.0.1:9' } } })
        .get('azure')
        ?.headers(),
    ).toEqual({})
  })
})

describe('problems', () => {
  const key = { apiKey: 'hidden-key' }
  it.each<[string, Record<string, unknown>, Environment, string, string]>([
    ['no address of Azure', { azure: key }, {}, 'option providers.azure', 'AZURE_OPENAI_ENDPOINT'],
    [
      'no address of Azure, from the environment',
      {},
      { AZURE_API_KEY: 'hidden' },
      'AZURE_API_KEY',
      'AZURE_RESOURCE_NAME',
    ],
    [
      'no key of Azure',
      { azure: { resource: 'acme' } },
      {},
      'option providers.azure',
      'AZURE_OPENAI_API_KEY',
    ],
    [
      'a resource that is none',
      { azure: { ...key, resource: 'acme.example/' } },
      {},
      'option providers.azure.resource',
      'baseUrl',
    ],
    [
      'a version that is none',
      { azure: { ...key, resource: 'acme', apiVersion: '2024' } },
      {},
      'option providers.azure.apiVersion',
      '2024-10-21',
    ],
    [
      'an address with a deployment',
      { azure: { ...key, baseUrl: 'https://acme.openai.azure.com/openai/deployments/gpt' } },
      {},
      'option providers.azure.baseUrl',
      'up to /openai',
    ],
    [
      'an address against the version',
      {
        azure: {
          ...key,
          baseUrl: 'https://acme.openai.azure.com/openai/v1',
          apiVersion: '2024-10-21',
        },
      },
      {},
      'option providers.azure.apiVersion',
      'take /openai/v1 off',
    ],
    [
      'an address against the version of the environment',
      {},
      {
        AZURE_API_KEY: 'k',
        AZURE_OPENAI_ENDPOINT: 'https://acme.openai.azure.com/openai/v1',
        OPENAI_API_VERSION: '2024-10-21',
      },
      'OPENAI_API_VERSION',
      'unset OPENAI_API_VERSION',
    ],
    ['no project', { vertex: {} }, {}, 'option providers.vertex', 'GOOGLE_VERTEX_PROJECT'],
    [
      'a project that is none',
      { vertex: { project: 'a/b' } },
      {},
      'option providers.vertex.project',
      'my-project-123',
    ],
    [
      'a location that is none',
      { vertex: { project: 'p-1', location: 'eu/../us' } },
      {},
      'option providers.vertex.location',
      'europe-west4',
    ],
    [
      'a credentials file that is not there',
      {},
      { GOOGLE_VERTEX_PROJECT: 'p-1', GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/account.json' },
      'GOOGLE_APPLICATION_CREDENTIALS',
      'Correct the path',
    ],
    [
      'a service account that cannot sign',
      { vertex: { credentials: { ...account, private_key: 'hidden' } } },
      {},
      'option providers.vertex.credentials',
      'Download',
    ],
    [
      'a function where a file belongs',
      { vertex: { project: 'p-1', credentials: () => 'x' } },
      {},
      'option providers.vertex.credentials',
      'token',
    ],
    ['no region', { bedrock: key }, {}, 'option providers.bedrock', 'AWS_REGION'],
    [
      'a region that is none',
      { bedrock: { ...key, region: 'evil.example/' } },
      {},
      'option providers.bedrock.region',
      'eu-central-1',
    ],
    [
      'no credentials of AWS',
      { bedrock: { region: 'eu-central-1' } },
      {},
      'option providers.bedrock',
      'AWS_BEARER_TOKEN_BEDROCK',
    ],
    [
      'half a key pair',
      { bedrock: { region: 'eu-central-1', secretAccessKey: 'hidden' } },
      {},
      'option providers.bedrock',
      'both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ],
    [
      'a file where a function belongs',
      { bedrock: { region: 'eu-central-1', credentials: './hidden.json' } },
      {},
      'option providers.bedrock.credentials',
      'function',
    ],
    [
      'an option of another kind',
      { bedrock: { ...key, region: 'eu-central-1', resource: 'acme' } },
      {},
      'option providers.bedrock.resource',
      'kind to "azure"',
    ],
    [
      'an option of a kind without one',
      { gpu: { baseUrl: 'http://gpu/v1', region: 'eu-central-1' } },
      {},
      'option providers.gpu.region',
      'kind to "bedrock" or "bedrock-mantle"',
    ],
    [
      'a dialect beside a kind',
      { gpu: { kind: 'azure', resource: 'acme', ...key, dialect: 'gemini' } },
      {},
      'option providers.gpu.dialect',
      'Take it out',
    ],
    [
      'more dialects beside a kind',
      { azure: { resource: 'acme', ...key, alsoSpeaks: ['gemini'] } },
      {},
      'option providers.azure.alsoSpeaks',
      'Take it out',
    ],
    [
      'an unknown kind',
      { gpu: { kind: 'aws' } },
      {},
      'option providers.gpu.kind',
      'azure or vertex or bedrock',
    ],
    [
      'a mistyped option',
      { azure: { resource: 'acme', ...key, apiVersio: '1' } },
      {},
      'option providers.azure.apiVersio',
      'Did you mean "apiVersion"?',
    ],
    ['a mistyped cloud', { bedrok: {} }, {}, 'option providers.bedrok', 'Did you mean "bedrock"?'],
  ])('%s has its place and a fix', (_, providers, environment, place, fix) => {
    const problems = problemsOf({ providers }, environment)
    expect(problems).toMatchObject([{ place, fix: expect.stringContaining(fix) }])
    expect(JSON.stringify(problems)).not.toContain('hidden')
  })

  it.each([
    ['azure/gpt', 'AZURE_OPENAI_API_KEY and AZURE_OPENAI_ENDPOINT'],
    ['vertex/gemini-3-pro', 'GOOGLE_VERTEX_PROJECT'],
    ['bedrock/amazon.nova', 'AWS_REGION and AWS_BEARER_TOKEN_BEDROCK'],
  ])('a route to %s that nothing makes callable says what to set', (target, fix) => {
    expect(problemsOf({ routes: { a: [target] } }, { OPENAI_API_KEY: 'k' })).toMatchObject([
      { place: 'option routes.a', fix: expect.stringContaining(fix) },
    ])
  })

  it('no half of a key is handed out as a virtual one', () => {
    const providers = {
      bedrock: {
        region: 'eu-central-1',
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: 'the-secret-half-of-it',
      },
    }
    expect(problemsOf({ providers, keys: { web: 'the-secret-half-of-it' } })).toMatchObject([
      { message: "The key is a provider's own." },
    ])
  })
})

it('no credential of a cloud appears in the settings, however they are printed', () => {
  const options: GatewayOptions<never> = {
    providers: {
      azure: { resource: 'acme', apiKey: 'hidden-azure' },
      vertex: { credentials: account },
      bedrock: {
        region: 'eu-central-1',
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: 'hidden-aws',
        sessionToken: 'hidden-session',
      },
    },
  }
  const settings = resolveSettings(options, {}, deps)
  const printed =
    JSON.stringify([...settings.providers.values()]) +
    inspect(settings, { showHidden: true, depth: 9 })
  expect(printed).toContain('acme')
  expect(printed).not.toMatch(/hidden|PRIVATE KEY/)
  for (const provider of settings.providers.values()) expect(Object.isFrozen(provider)).toBe(true)
})
