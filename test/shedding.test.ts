import { afterEach, describe, expect, it } from 'vitest'
import { type Chain, startChain } from './harness/chain.ts'
import { FakeClock } from './harness/fake-clock.ts'
import { seeError } from './harness/client-stream.ts'
import { seeLog } from './harness/log.ts'

let chain: Chain
afterEach(() => chain.close())

describe('a host whose event loop is late', () => {
  it('is spared batch first, then everything, before a body is read or a provider called', async () => {
    const clock = new FakeClock()
    const log = seeLog()
    const loop = {
      lagMs: 0,
      get mean() {
        return (this.lagMs + 20) * 1e6
      },
      reset: () => undefined,
      enable: () => true,
      disable: () => true,
    }
    chain = await startChain({
      gateway: { log, eventLoopLagLimit: '200ms' },
      injected: { clock, eventLoopDelay: loop },
    })
    const ready = async (): Promise<unknown> => (await chain.send('/health/ready')).json()
    const batch = () => chain.ask({}, { headers: { 'x-postern-lane': 'batch' } })
    const lag = (ms: number): void => {
      loop.lagMs = ms
      clock.advance(1_000)
    }

    lag(250)
    const refused = await batch()
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.headers.get('x-postern-degraded')).toBe('event-loop')
    expect(await seeError(refused)).toMatchObject({ code: 'host_overloaded', type: 'server_error' })
    expect((await chain.ask()).status).toBe(200)
    expect([await ready(), chain.gateway.health()]).toMatchObject([
      { status: 'degraded', degraded: ['event-loop'] },
      { status: 'degraded', shedding: 'batch' },
    ])

    lag(450)
    expect((await chain.ask()).status).toBe(503)
    expect(chain.calls()).toEqual([1, 0])

    lag(5)
    expect([(await batch()).status, (await chain.ask()).status]).toEqual([200, 200])
    expect(chain.gateway.health()).toMatchObject({ status: 'ok', shedding: 'nobody' })
    expect(chain.records.map(({ code, degraded }) => [code, ...degraded])).toEqual([
      ['host_overloaded', 'event-loop'],
      ['ok'],
      ['host_overloaded', 'event-loop'],
      ['ok'],
      ['ok'],
    ])
    // Said once for each change, however many requests there are.
    expect(log.lines.filter((line) => line.includes('load shedding'))).toHaveLength(3)
  })

  it('is left to itself when it says so', async () => {
    const clock = new FakeClock()
    const loop = { mean: 9e9, reset: () => undefined, enable: () => true, disable: () => true }
    chain = await startChain({
      gateway: { eventLoopLagLimit: 'off' },
      injected: { clock, eventLoopDelay: loop },
    })
    clock.advance(1_000)
    expect((await chain.ask()).status).toBe(200)
  })
})
