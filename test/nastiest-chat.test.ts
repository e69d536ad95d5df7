import { type DialectName, syntheticRecordings } from '@postern/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChain } from './harness/chain.ts'
import { seeStream } from './harness/client-stream.ts'
import type { GatewayReading } from './recordings/gateway-client.ts'
import { openReplay, providersOf, type Replay } from './recordings/replay.ts'

/**
 * The worst deviations of OpenAI-compatible servers, seen by the official SDK through the gateway.
 */
describe('the ten nastiest of chat completions', () => {
  let replay: Replay
  beforeAll(async () => {
    replay = await openReplay(
      'gateway.fetch',
      'openai-chat',
      new Set(syntheticRecordings('openai-chat').flatMap(providersOf)),
    )
  })
  afterAll(() => replay.close())

  async function read(name: string, dialect: DialectName = 'openai-chat'): Promise<GatewayReading> {
    const recording = syntheticRecordings(dialect).find((candidate) => candidate.name === name)
    const [provider = ''] = recording === undefined ? [] : providersOf(recording)
    if (recording === undefined) throw new TypeError(`There is no recording ${name}.`)
    return (await replay.throughGateway(recording, { provider })).reading
  }

  const paris = { name: 'get_weather', arguments: { city: 'Paris' } }
  const rome = { name: 'get_weather', arguments: { city: 'Rome' } }

  it.each(['openai-tool-index-reused', 'openai-tool-parallel-interleaved'])(
    'nastiest 1: parallel calls are not one call (%s)',
    async (name) => {
      const { toolCalls } = await read(name)
      expect(toolCalls).toMatchObject([paris, rome])
      expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(2)
    },
  )

  it.each([
    'openai-tool-index-starts-at-one',
    'openai-tool-index-sparse',
    'openai-tool-index-missing',
  ])('nastiest 2: indexes of calls count from 0 without gaps (%s)', async (name) => {
    const { body, toolCalls } = await read(name)
    const indexes = seeStream(body).chunks.flatMap(({ choices = [] }) =>
      choices.flatMap(({ delta }) => delta.tool_calls?.map(({ index }) => index) ?? []),
    )
    expect([...new Set(indexes)]).toEqual(toolCalls.map((_, at) => at))
  })

  it('nastiest 3: who calls a tool has not merely stopped', async () => {
    expect(await read('openai-tool-stop-instead-of-tool-calls')).toMatchObject({
      finish: 'tool_calls',
      toolCalls: [paris],
    })
  })

  it.each([true, false])(
    'nastiest 4: usage comes when it is requested, and only then (requested: %s)',
    async (asked) => {
      const chain = await startChain({ dialects: ['openai-chat'] })
      try {
        const seen = seeStream(
          await (
            await chain.ask({
              stream: true,
              ...(asked && { stream_options: { include_usage: true } }),
            })
          ).text(),
        )
        expect(
          seen.chunks.filter(({ usage }) => usage !== undefined && usage !== null),
        ).toHaveLength(asked ? 1 : 0)
        expect(chain.records[0]?.usage).toBeDefined()
      } finally {
        await chain.close()
      }
    },
  )

  it('nastiest 5: chunks without a choice break no client', async () => {
    const { body, outcome, usage } = await read('openai-usage-chunk-without-choices')
    expect([outcome, usage === undefined]).toEqual(['complete', false])
    expect(seeStream(body).chunks.every(({ choices }) => Array.isArray(choices))).toBe(true)
  })

  it('nastiest 6: an answer ends once', async () => {
    expect(seeStream((await read('openai-double-finish')).body).finishes).toEqual(['stop'])
  })

  it('nastiest 7: cumulative usage is not added up', async () => {
    const recording = syntheticRecordings('openai-chat').find(
      ({ name }) => name === 'openai-usage-on-every-chunk',
    )
    expect((await read('openai-usage-on-every-chunk')).usage).toMatchObject(
      recording?.expected.usage ?? {},
    )
  })

  it.each([
    'openai-error-event-later',
    'openai-error-in-chunk',
    'openai-error-bare-line',
    'openai-error-first',
  ])(
    'nastiest 8: an error after 200 is one error, and nothing that looks like an end (%s)',
    async (name) => {
      const { error, body, outcome } = await read(name)
      expect([error === undefined, outcome === 'complete', body.includes('[DONE]')]).toEqual([
        false,
        false,
        false,
      ])
      expect(body.split('"error"').length).toBe(2)
    },
  )

  it.each(['openai-ends-without-finish', 'openai-done-without-finish'])(
    'nastiest 9: a stream that merely ends has not stopped (%s)',
    async (name) => {
      expect(await read(name)).toMatchObject({
        error: expect.objectContaining({ code: 'upstream_truncated' }),
      })
    },
  )

  // Nastiest 10, embeddings in an encoding that was not asked for, is in
  // embeddings-and-rerank.test.ts.
})
