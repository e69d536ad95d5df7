import { describe, expect, it } from 'vitest'
import { readCloudVariables } from './cloud-variables.ts'
import type { Environment } from './env.ts'
import type { Problem } from '../values/problem.ts'
import type { ParsedProvider } from '../schema/schema.ts'

function read(
  environment: Environment,
  providers: Record<string, ParsedProvider> = {},
  routed: string[] = [],
) {
  const problems: Problem[] = []
  const source = readCloudVariables(
    environment,
    { providers: new Map(Object.entries(providers)), routed: new Set(routed) },
    problems,
  )
  return { ...source, problems }
}

describe('readCloudVariables', () => {
  it('takes the first of the names of an option, and knows its place', () => {
    const { options, placeOf } = read({
      AZURE_OPENAI_API_KEY: 'first',
      AZURE_API_KEY: 'second',
      AZURE_BASE_URL: 'https://acme.openai.azure.com',
    })
    expect(options).toEqual({
      providers: { azure: { apiKey: 'first', baseUrl: 'https://acme.openai.azure.com' } },
    })
    expect(placeOf(['providers', 'azure', 'apiKey'])).toBe('AZURE_OPENAI_API_KEY')
    expect(placeOf(['providers', 'azure'])).toBe('AZURE_OPENAI_API_KEY, AZURE_BASE_URL')
  })

  it.each([
    ['nothing', {}],
    ['empty variables', { AZURE_API_KEY: '', AWS_BEARER_TOKEN_BEDROCK: ' ' }],
    [
      'variables that enable nothing',
      {
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_REGION: 'c',
        GOOGLE_CLOUD_PROJECT: 'd',
        AZURE_RESOURCE_NAME: 'e',
      },
    ],
  ])('%s: no provider', (_, environment) => {
    expect(read(environment)).toMatchObject({ options: { providers: {} }, problems: [] })
  })

  it('adds nothing to a provider of another kind that has the name of one', () => {
    expect(read({ AZURE_API_KEY: 'k' }, { azure: { dialect: 'openai-chat' } }).options).toEqual({
      providers: {},
    })
    expect(
      read({ AWS_REGION: 'eu-central-1', AZURE_API_KEY: 'k' }, { azure: { kind: 'bedrock' } })
        .options,
    ).toEqual({ providers: { azure: { region: 'eu-central-1' } } })
  })

  it('adds what is missing, and no alternative to what is there', () => {
    const environment = {
      AWS_REGION: 'us-east-1',
      AWS_BEARER_TOKEN_BEDROCK: 'k',
      AZURE_API_KEY: 'k',
      AZURE_OPENAI_ENDPOINT: 'https://x.openai.azure.com',
      OPENAI_API_VERSION: '2024-10-21',
    }
    const providers = { bedrock: { accessKeyId: 'a' }, azure: { resource: 'acme' } }
    expect(read(environment, providers).options).toEqual({
      providers: {
        bedrock: { region: 'us-east-1' },
        azure: { apiKey: 'k', apiVersion: '2024-10-21' },
      },
    })
  })

  it('gives other providers of a kind only what belongs to no address', () => {
    const environment = {
      AWS_REGION: 'us-east-1',
      BEDROCK_BASE_URL: 'https://vpc.example',
      AZURE_API_KEY: 'k',
      AZURE_RESOURCE_NAME: 'acme',
    }
    expect(
      read(environment, { eu: { kind: 'bedrock' }, other: { kind: 'azure' }, azure: {} }).options,
    ).toEqual({
      providers: { azure: { apiKey: 'k', resource: 'acme' }, eu: { region: 'us-east-1' } },
    })
  })

  it('reports what cannot be used at its variable, without repeating it', () => {
    const { problems } = read({ AZURE_API_KEY: 'hidden words', AZURE_OPENAI_ENDPOINT: 'hidden' })
    expect(problems.map((problem) => problem.place).sort()).toEqual([
      'AZURE_API_KEY',
      'AZURE_OPENAI_ENDPOINT',
    ])
    expect(JSON.stringify(problems)).not.toContain('hidden')
  })
})
