import { describe, expect, it } from 'vitest'
import { FakeClock } from '../clock.fake.ts'
import { createProvider, findInCatalogue, type Provider } from '../providers/index.ts'
import { createModelLists } from './model-lists.ts'
import { fakeDeps, FakeTransport, json, type Reply } from './transport.fake.ts'

const KEY = 'canary-provider-key-0001'
const provider = (name: string, models: string[] = []): Provider =>
  createProvider({ name, baseUrl: `http://${name}.test/v1`, apiKey: KEY, models })

function start(script: readonly Reply[], providers: readonly Provider[] = [provider('acme')]) {
  const clock = new FakeClock()
  const transport = new FakeTransport(script)
  const failures: [string, unknown][] = []
  const list = createModelLists(providers, fakeDeps({ clock, transport }), (name, error) =>
    failures.push([name, error]),
  )
  return { clock, transport, failures, list }
}

describe('createModelLists', () => {
  it.each<[string, unknown, string[]]>([
    [
      'data with ids',
      { object: 'list', data: [{ id: 'large' }, { id: 'org/small:free' }] },
      ['acme/large', 'acme/org/small:free'],
    ],
    [
      'models with names',
      { models: [{ name: 'models/pro' }, { name: 'flash' }] },
      ['acme/pro', 'acme/flash'],
    ],
    ['a bare array', [{ id: 'large' }], ['acme/large']],
    [
      'a list with strange items',
      { data: [null, 5, 'x', {}, { id: 7 }, { id: 'large' }] },
      ['acme/large'],
    ],
    ['the same id twice', { data: [{ id: 'large' }, { id: 'large' }] }, ['acme/large']],
    ['something else', { hello: 'world' }, []],
    ['null', null, []],
  ])('reads %s', async (_what, body, expected) => {
    const { list, failures } = start([json(body)])
    expect(await list()).toEqual(expected)
    expect(failures).toEqual([])
  })

  it('asks below the provider\u2019s address, with its key and nothing else', async () => {
    const { list, transport } = start([json({ data: [] })])
    await list()
    expect(transport.requests).toMatchObject([
      {
        origin: 'http://acme.test',
        method: 'GET',
        path: '/v1/models',
        body: undefined,
        headers: { authorization: `Bearer ${KEY}`, accept: 'application/json' },
      },
    ])
  })

  it('puts what the configuration names first, once', async () => {
    const { list } = start(
      [json({ data: [{ id: 'small' }, { id: 'large' }] })],
      [provider('acme', ['large'])],
    )
    expect(await list()).toEqual(['acme/large', 'acme/small'])
  })

  it('joins the lists of all providers, in their order', async () => {
    const { list } = start(
      [json({ data: [{ id: 'x' }] }), json({ data: [{ id: 'y' }] })],
      [provider('one'), provider('two')],
    )
    expect(await list()).toEqual(['one/x', 'two/y'])
  })

  it('does not ask a provider that has no list', async () => {
    const silent = createProvider(
      { name: 'cohere', baseUrl: 'https://api.cohere.ai/compatibility/v1', models: ['command-r'] },
      findInCatalogue('cohere'),
    )
    const { list, transport } = start([], [silent])
    expect(await list()).toEqual(['cohere/command-r'])
    expect(transport.requests).toEqual([])
  })

  it('asks again after five minutes, not before, and once for many askers', async () => {
    const { clock, list, transport } = start([
      json({ data: [{ id: 'old' }] }),
      json({ data: [{ id: 'new' }] }),
    ])
    expect(await Promise.all([list(), list(), list()])).toEqual([
      ['acme/old'],
      ['acme/old'],
      ['acme/old'],
    ])
    await clock.advance(5 * 60_000 - 1)
    expect(await list()).toEqual(['acme/old'])
    expect(transport.requests).toHaveLength(1)
    await clock.advance(1)
    expect(await list()).toEqual(['acme/new'])
  })

  it.each<[string, Reply]>([
    ['an error status', json({ error: 'no' }, { status: 500 })],
    ['a web page', { body: ['<html>'] }],
    ['our own key', { body: ['canary-1'] }],
    ['a refused connection', { breaks: { at: 'connect', code: 'ECONNREFUSED' } }],
    ['a break in the body', { body: ['{"data"'], breaks: { at: 'body', code: 'ECONNRESET' } }],
  ])(
    'does without a provider that answers with %s, says so, and asks again the next time',
    async (_what, reply) => {
      const { clock, list, failures } = start(
        [reply, json({ data: [{ id: 'back' }] })],
        [provider('acme', ['named'])],
      )
      expect(await list()).toEqual(['acme/named'])
      expect(failures).toMatchObject([['acme', expect.any(Error)]])
      expect(JSON.stringify(failures.map(([, error]) => String(error)))).not.toContain('canary')
      expect(clock.pending).toBe(0)
      expect(await list()).toEqual(['acme/named', 'acme/back'])
    },
  )

  it('waits three seconds for a provider that says nothing, and for the others not at all', async () => {
    const { clock, list, transport, failures } = start(
      [{ hangs: 'body', body: ['{'] }, json({ data: [{ id: 'x' }] })],
      [provider('slow'), provider('fast')],
    )
    const listed = list()
    await clock.advance(2999)
    expect(failures).toEqual([])
    await clock.advance(1)
    expect(await listed).toEqual(['fast/x'])
    expect([transport.calls[0]?.aborted?.code, clock.pending]).toEqual(['deadline_exceeded', 0])
  })
})
