import { describe, expect, it } from 'vitest'
import { openaiChat } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import { createProvider } from '../providers/index.ts'
import type { Plan, PlanLimits } from './plan.ts'
import {
  type Allowance,
  mayUseModel,
  planFor,
  type ProviderEntry,
  type RoutingTable,
} from './resolve.ts'

const limits: PlanLimits = {
  connectTimeoutMs: 1,
  ttftTimeoutMs: 2,
  idleTimeoutMs: 3,
  timeoutMs: 4,
  retries: 5,
  answerLimitBytes: 6,
  eventLimitBytes: 7,
  dropUnsupported: false,
}

function entry(
  name: string,
  known: { models?: string[]; modelPrefixes?: string[] } = {},
): [string, ProviderEntry] {
  const provider = createProvider({ name, baseUrl: 'http://127.0.0.1:9/v1' })
  return [
    name,
    {
      models: [],
      modelPrefixes: [],
      ...known,
      target: (model) => ({ id: `${name}/${model}`, provider, model, dialects: [openaiChat] }),
    },
  ]
}

function table(
  entries: [string, ProviderEntry][],
  routes: Record<string, string[]> = {},
): RoutingTable {
  const providers = new Map(entries)
  const plans = Object.entries(routes).map(([route, ids]): [string, Plan] => {
    const found = ids.map((id) => {
      const slash = id.indexOf('/')
      const provider = providers.get(id.slice(0, slash))
      if (provider === undefined) throw new Error(`no provider for ${id}`)
      return provider.target(id.slice(slash + 1))
    })
    return [route, { route, targets: found, limits: { ...limits, retries: 0 } }]
  })
  return { providers, routes: new Map(plans), limits }
}

const full = table(
  [
    entry('acme', { models: ['large', 'shared'], modelPrefixes: ['ac-', 'common-'] }),
    entry('other', { models: ['shared'], modelPrefixes: ['common-', 'ot-'] }),
    entry('host'),
  ],
  { support: ['acme/large', 'other/ot-1'], large: ['other/ot-1'] },
)

function targets(model: string, allowance: Allowance = {}, from = full): string[] {
  return planFor(from, model, allowance).targets.map((target) => target.id)
}

function refusal(model: string, allowance: Allowance = {}, from = full): GatewayError {
  try {
    planFor(from, model, allowance)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error(`${model} was planned`)
}

describe('what a model name means', () => {
  it.each([
    ['support', ['acme/large', 'other/ot-1']],
    ['large', ['other/ot-1']],
    ['acme/large', ['acme/large']],
    ['acme/anything', ['acme/anything']],
    ['host/org/model:free', ['host/org/model:free']],
    ['host/acme/large', ['host/acme/large']],
    ['ac-7', ['acme/ac-7']],
    ['ot-7', ['other/ot-7']],
  ])('%s is %j', (model, expected) => {
    expect(targets(model)).toEqual(expected)
  })

  it('a route keeps its own limits and name, everything else gets the gateway\u2019s', () => {
    expect(planFor(full, 'support', {})).toMatchObject({ route: 'support', limits: { retries: 0 } })
    expect(planFor(full, 'acme/large', {})).toEqual({
      route: undefined,
      targets: [expect.anything()],
      limits,
    })
  })

  it('a model two providers serve needs one of them named', () => {
    for (const model of ['shared', 'common-1']) {
      expect(refusal(model)).toMatchObject({
        code: 'model_not_found',
        status: 404,
        details: { param: 'model' },
      })
      expect(refusal(model).message).toContain(`"acme/${model}" or "other/${model}"`)
    }
  })

  it('a model id is no way to another path of the provider, unless the operator has named it', () => {
    for (const model of [
      'acme/..',
      'acme/x/../y',
      'host//models/x',
      'host/a\\b',
      'host/%2e%2e',
      'ac-/..',
    ])
      expect([model, refusal(model).code]).toEqual([model, 'model_not_found'])
    expect(refusal('host//models/x').message).toContain('list it in')
    expect(
      targets('host//models/x', {}, table([entry('host', { models: ['/models/x'] })])),
    ).toEqual(['host//models/x'])
  })

  it('a model named in the configuration goes before one that only looks alike', () => {
    expect(
      targets(
        'ot-x',
        {},
        table([entry('acme', { models: ['ot-x'] }), entry('other', { modelPrefixes: ['ot-'] })]),
      ),
    ).toEqual(['acme/ot-x'])
  })

  it('the only provider, one that serves the models of others, takes any name', () => {
    expect(targets('whatever', {}, table([entry('host')]))).toEqual(['host/whatever'])
    expect(targets('org/model', {}, table([entry('host')]))).toEqual(['host/org/model'])
    expect(refusal('whatever', {}, table([entry('acme', { modelPrefixes: ['ac-'] })])).code).toBe(
      'model_not_found',
    )
  })

  it.each([
    'nothing',
    '/large',
    'acme/',
    '/',
    'unknown/large',
    'Acme/large',
    'constructor',
    '__proto__',
    'toString/x',
  ])('%s is nothing we know', (model) => {
    expect(refusal(model).code).toBe('model_not_found')
  })

  it('offers what was probably meant, and does not repeat a whole essay', () => {
    expect(refusal('suport').message).toContain('Did you mean "support"')
    expect(refusal('zzzzzzzzzzzz').message).toMatch(/acme, other, host/)
    expect(refusal('x'.repeat(10_000)).message.length).toBeLessThan(500)
  })
})

describe('what a caller may use', () => {
  it.each<[Allowance, string, boolean]>([
    [{}, 'acme/large', true],
    [{ routes: ['support'] }, 'acme/large', false],
    [{ models: ['acme/large'] }, 'acme/large', true],
    [{ models: ['acme/large'] }, 'acme/larger', false],
    [{ models: ['acme/*'] }, 'acme/large', true],
    [{ models: ['acme/*'] }, 'acme-evil/large', false],
    [{ models: [] }, 'acme/large', false],
    [{ routes: ['support'], models: ['acme/*'] }, 'acme/large', true],
    [{ models: ['host/org/*'] }, 'host/org/x', true],
    [{ models: ['*'] }, 'acme/large', false],
  ])('%j and %s: %s', (allowance, id, may) => {
    expect(mayUseModel(allowance, id)).toBe(may)
  })

  it('routes are allowed by name', () => {
    expect(targets('support', { routes: ['support'] })).toHaveLength(2)
    expect(refusal('large', { routes: ['support'] })).toMatchObject({
      code: 'permission_denied',
      status: 403,
      details: { param: 'model' },
    })
    expect(targets('support', { models: ['acme/large'] })).toHaveLength(2)
  })

  it('models are checked as what they resolve to, so that a bare id is no way around', () => {
    expect(refusal('ac-7', { models: ['other/*'] }).code).toBe('permission_denied')
    expect(targets('ac-7', { models: ['acme/*'] })).toEqual(['acme/ac-7'])
  })
})
