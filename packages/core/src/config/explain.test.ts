import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { documentedFields } from './sources/env-fields.ts'
import { explainConfiguration } from './explain.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-explain-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SECRETS = {
  virtual: 'pk_explained_0123456789abcdef',
  provider: 'sk-explained-0123456789abcdef',
  tenant: 'sk-tenant-0123456789abcdef',
  admin: 'admin-explained-0123456789',
  header: 'header-secret-0123456789',
  password: 'redis-password',
}

function explain() {
  const file = join(folder, 'postern.yaml')
  writeFileSync(
    file,
    [
      'retries: 5',
      'timeout: 2m',
      'routes:',
      '  support: [openai/gpt-5]',
      'providers:',
      '  gpu:',
      '    baseUrl: http://gpu.local:8000',
      `    headers: { x-auth: ${SECRETS.header} }`,
      `    tenantKeys: { acme: ${SECRETS.tenant} }`,
    ].join('\n'),
  )
  return explainConfiguration(
    {
      config: file,
      retries: 1,
      onRecord: () => undefined,
      limits: [{ unit: 'usd', window: 'month', limit: 5 }],
    },
    {
      OPENAI_API_KEY: SECRETS.provider,
      POSTERN_KEYS: `web:${SECRETS.virtual}`,
      POSTERN_ADMIN_TOKEN: SECRETS.admin,
      POSTERN_TIMEOUT: '90s',
      POSTERN_BODY_LIMIT: '5mb',
      POSTERN_PROVIDER_GPU_API_KEY: SECRETS.provider,
      REDIS_URL: `redis://default:${SECRETS.password}@cache:6379/2`,
    },
  )
}

describe('explainConfiguration', () => {
  it('tells of every option what is in force, and who said so', () => {
    const explained = new Map(explain().map(({ option, value, from }) => [option, [value, from]]))
    const file = join(folder, 'postern.yaml')
    expect(
      Object.fromEntries(
        [...explained].filter(([option]) =>
          /^(?:retries|timeout|bodyLimit|store|onRecord|idleTimeout|limits$|routes|providers)/.test(
            option,
          ),
        ),
      ),
    ).toEqual({
      retries: ['1', 'option retries'],
      timeout: ['90s', 'POSTERN_TIMEOUT'],
      bodyLimit: ['5MiB', 'POSTERN_BODY_LIMIT'],
      idleTimeout: ['60s', 'default'],
      onRecord: ['(function)', 'option onRecord'],
      store: ['redis://...@cache:6379/2', 'REDIS_URL'],
      limits: ['[{"unit":"usd","limit":5,"window":"month"}]', 'option limits'],
      'routes.support.targets': ['["openai/gpt-5"]', `${file}: routes.support.targets`],
      'providers.openai.apiKey': ['(set)', 'OPENAI_API_KEY'],
      'providers.gpu.apiKey': ['(set)', 'POSTERN_PROVIDER_GPU_API_KEY'],
      'providers.gpu.baseUrl': ['http://gpu.local:8000', `${file}: providers.gpu.baseUrl`],
      'providers.gpu.headers': ['(set)', `${file}: providers.gpu.headers`],
      'providers.gpu.tenantKeys': ['(set)', `${file}: providers.gpu.tenantKeys`],
    })
    // Every option that is not one of a provider, a route or a key is there.
    for (const { path } of documentedFields())
      if (path.length === 1 && !['providers', 'routes', 'keys'].includes(path[0] ?? ''))
        expect(explained.has(path[0] ?? '')).toBe(true)
  })

  it('shows no secret', () => {
    const text = JSON.stringify(explain())
    for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret)
    // Fields named as secrets are secrets.
    const named = documentedFields().filter(
      ({ path }) =>
        /key$|keys$|token$|secret|credential|webhook|headers/i.test(path.at(-1) ?? '') &&
        !['keys', 'wrongKeys', 'providers.*.tenantsWithoutKey'].includes(path.join('.')),
    )
    expect(
      named
        .filter(({ meta }) => meta.isSecret !== true && meta.codeOnly !== true)
        .map(({ path }) => path.join('.')),
    ).toEqual([])
  })

  it('refuses what a gateway would refuse', () => {
    expect(() => explainConfiguration({ retries: -1 }, {})).toThrow(/option retries/)
  })
})
