import { describe, expect, it } from 'vitest'
import { dialects, openaiChat } from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import { createProvider } from '../providers/index.ts'
import type { PlanLimits } from './plan.ts'
import { planForProvider } from './provider-plan.ts'
import type { Allowance, ProviderEntry, RoutingTable } from './resolve.ts'

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
const other = [...dialects.values()].find((dialect) => dialect !== openaiChat)
if (other === undefined) throw new Error('there is one dialect only')

function entry(name: string, dialect = openaiChat): [string, ProviderEntry] {
  const provider = createProvider({ name, baseUrl: 'http://127.0.0.1:9/v1' })
  return [
    name,
    {
      models: [],
      modelPrefixes: [`${name}-`],
      target: (model) => ({ id: `${name}/${model}`, provider, model, dialects: [dialect] }),
    },
  ]
}

function table(...entries: [string, ProviderEntry][]): RoutingTable {
  const providers = new Map(entries)
  const [first] = entries
  return {
    providers,
    limits,
    routes: new Map(
      first === undefined
        ? []
        : [['fast', { route: 'fast', targets: [first[1].target('m')], limits }]],
    ),
  }
}

const both = table(entry('acme'), entry('other'), entry('strange', other))

interface Wanted {
  readonly name?: string
  readonly model?: string
  readonly anything?: boolean
  readonly isRepeatable?: boolean
}

const plan = (wanted: Wanted, allowance: Allowance = {}, from = both) =>
  planForProvider(
    from,
    {
      name: wanted.name,
      model: wanted.model,
      speaks: wanted.anything === true ? undefined : openaiChat,
      isRepeatable: wanted.isRepeatable === true,
    },
    allowance,
  )

function refusal(...of: Parameters<typeof plan>): GatewayError {
  try {
    plan(...of)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  throw new Error('it was planned')
}

describe('the one provider', () => {
  it.each<[string, Wanted, Allowance, string]>([
    ['named', { name: 'other' }, {}, 'other'],
    ['named, whatever it speaks', { name: 'strange', anything: true }, {}, 'strange'],
    ['of a model', { model: 'other/gpt' }, {}, 'other'],
    ['of a bare model', { model: 'acme-1' }, {}, 'acme'],
    ['first of a route', { model: 'fast' }, {}, 'acme'],
    ['named, before that of a model', { name: 'acme', model: 'other/gpt' }, {}, 'acme'],
    ['the caller may use', {}, { models: ['other/*', 'strange/*', 'acme/m'] }, 'other'],
  ])('is the one %s', (_which, wanted, allowance, expected) => {
    const { targets, route } = plan(wanted, allowance)
    expect([targets.map(({ id, model }) => [id, model]), route]).toEqual([
      [[expected, '']],
      undefined,
    ])
  })

  it('is the only one that has the API', () => {
    expect(plan({}, {}, table(entry('acme'), entry('strange', other))).targets[0]?.id).toBe('acme')
  })

  it('is asked again only for what can be done twice', () => {
    expect([
      plan({ name: 'acme' }).limits.retries,
      plan({ name: 'acme', isRepeatable: true }).limits.retries,
    ]).toEqual([0, 5])
  })
})

describe('no provider', () => {
  it('is guessed: the possibilities are listed', () => {
    expect(refusal({})).toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/x-postern-provider.*: acme, other\.$/) as string,
    })
    expect(refusal({ name: 'strange' })).toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/strange has no such API.*acme, other/) as string,
    })
    expect(refusal({}, {}, table(entry('strange', other)))).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('No configured provider') as string,
    })
  })

  it('is invented', () => {
    expect(refusal({ name: 'nobody' })).toMatchObject({ code: 'model_not_found', status: 404 })
    expect(refusal({ name: '__proto__' })).toMatchObject({ code: 'model_not_found' })
    expect(refusal({ model: 'nobody/x' })).toMatchObject({ code: 'model_not_found' })
  })

  it.each<[string, Wanted, Allowance]>([
    ['another provider only', { name: 'acme' }, { models: ['other/*'] }],
    ['some of its models: here every model is in reach', { name: 'acme' }, { models: ['acme/m'] }],
    ['routes only', { model: 'fast' }, { routes: ['fast'] }],
    ['none that has the API', {}, { models: ['strange/*'] }],
    ['one whose name is longer', { name: 'acme' }, { models: ['acme-two/*'] }],
  ])('is opened to a caller that may use %s', (_what, wanted, allowance) => {
    expect(refusal(wanted, allowance)).toMatchObject({ code: 'permission_denied', status: 403 })
  })

  it('is listed to who may not use it', () => {
    expect(refusal({ name: 'nobody' }, { models: ['other/*'] }).message).not.toContain('acme')
  })
})
