import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { memoryStore } from '@postern/core'
import { startFaultProxy } from '@postern/testing'
import { describe, expect, it, vi } from 'vitest'
import {
  judge,
  judgeFailover,
  readRedis,
  readSqlite,
  runWorkers,
  type Verdict,
} from './harness/limit-store-history.ts'
import { type Entry, useLedger } from './harness/limit-store-worker.ts'
import { startRedis } from './harness/redis.ts'

/**
 * Operations of each process, to run longer than a test may: a million in all is 250,000 of four.
 */
const asked =
  process.env['LEDGER_OPERATIONS'] === undefined
    ? undefined
    : Number(process.env['LEDGER_OPERATIONS'])
const operations = asked ?? 10_000

/** Printed with a failure: the same seed does the same. */
const seed = Number(process.env['LEDGER_SEED'] ?? Math.floor(Math.random() * 1_000_000))

function expectWell(verdict: Verdict): void {
  if (asked !== undefined) process.stdout.write(`${JSON.stringify({ seed, ...verdict })}\n`)
  expect({ seed, wrong: verdict.wrong.slice(0, 10) }).toEqual({ seed, wrong: [] })
  // It was used in every way there is.
  for (const count of [verdict.reserved, verdict.refused, verdict.abandoned])
    expect(count).toBeGreaterThan(10)
}

async function inMemory(load: {
  readonly seed: number
  readonly operations: number
  readonly counters: number
}): Promise<Verdict> {
  const store = memoryStore(Date.now)
  const history = await useLedger(store, load)
  const counters = new Map<string, number>()
  for (const name of new Set(history.entries.flatMap(({ amounts }) => Object.keys(amounts)))) {
    counters.set(
      name,
      (
        await store.limitStore.read([
          {
            kind: 'period',
            key: name,
            amount: 0,
            limit: 0,
            startsAt: 0,
            endsAt: Number.POSITIVE_INFINITY,
          },
        ])
      )[0] ?? 0,
    )
  }
  const known = new Map(history.entries.map((entry) => [entry.id, entry]))
  const stateOf = ({ reserve, actuals }: Entry): 'open' | 'settled' | undefined =>
    reserve !== 'reserved' ? undefined : actuals === undefined ? 'open' : 'settled'
  return judge([history], {
    counter: (name) => counters.get(name) ?? 0,
    state: (id) => stateOf(known.get(id) as Entry),
  })
}

describe(`what several processes do to one limit store, checked against what it holds (seed ${seed})`, () => {
  it(
    'in memory',
    async () => {
      expectWell(
        await inMemory(
          asked === undefined
            ? { seed, operations: 20_000, counters: 40 }
            : { seed, operations: asked * 4, counters: Math.ceil(asked / 40) },
        ),
      )
    },
    60_000 + operations * 4,
  )

  it('in memory, two hundred times over', async () => {
    for (let more = 1; more <= 200; more++) {
      const { wrong, reserved } = await inMemory({
        seed: seed + more,
        operations: 2_000,
        counters: 8,
      })
      expect({ seed: seed + more, wrong: wrong.slice(0, 10) }).toEqual({
        seed: seed + more,
        wrong: [],
      })
      expect(reserved).toBeGreaterThan(10)
    }
  }, 60_000)

  it(
    'in a file, with several processes',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'postern-history-'))
      const path = join(folder, 'postern.db')
      const histories = await runWorkers({
        limitStore: path,
        processes: asked === undefined ? 3 : 4,
        operations: asked ?? 3_000,
        seed,
        counters: asked === undefined ? 12 : Math.ceil(asked / 40),
      })
      expectWell(judge(histories, readSqlite(path)))
      await rm(folder, { recursive: true })
    },
    60_000 + operations * 8,
  )

  it(
    'on Redis, with four processes, while it is paused, cut off and restarted',
    async () => {
      const redis = await startRedis()
      try {
        const running = runWorkers({
          limitStore: redis.url,
          processes: 4,
          operations,
          seed,
          counters: Math.ceil(operations / 40),
        })
        const chaos = { isOver: false }
        const trouble = (async () => {
          for (let turn = 0; !chaos.isOver; turn++) {
            await wait(300)
            if (turn % 3 === 0) {
              redis.pause()
              await wait(100)
              redis.resume()
            } else if (turn % 3 === 1) redis.cli('CLIENT', 'KILL', 'TYPE', 'normal')
            else {
              await redis.kill()
              await redis.start()
            }
          }
        })()
        const histories = await running
        chaos.isOver = true
        await trouble
        const verdict = judge(histories, await readRedis(redis.url, histories))
        expectWell(verdict)
      } finally {
        await redis.close()
      }
    },
    120_000 + operations * 4,
  )
})

describe('a replica that takes over without the last writes', () => {
  it('lets limits be exceeded by what was lost, and by nothing else', async () => {
    const master = await startRedis(['--repl-diskless-sync-delay', '0'])
    const link = await startFaultProxy({ target: { port: master.port } })
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(link.port)])
    const target = { port: master.port }
    const address = await startFaultProxy({ target })
    try {
      await vi.waitFor(
        () => expect(replica.cli('INFO', 'replication')).toContain('master_link_status:up'),
        { timeout: 10_000 },
      )
      const running = runWorkers({
        limitStore: `redis://127.0.0.1:${address.port}`,
        processes: 4,
        operations: asked ?? 4_000,
        seed,
        counters: 40,
      })
      await vi.waitFor(() => expect(Number(master.cli('DBSIZE'))).toBeGreaterThan(500), {
        timeout: 20_000,
        interval: 20,
      })
      const from = Date.now()
      link.set({ blackhole: true })
      await wait(100)
      await master.kill()
      const to = Date.now()
      await link.close()
      replica.cli('REPLICAOF', 'NO', 'ONE')
      target.port = replica.port
      address.resetAll()
      const histories = await running
      const verdict = judgeFailover(histories, await readRedis(replica.url, histories), {
        from,
        to,
      })
      if (asked !== undefined) process.stdout.write(`${JSON.stringify({ seed, ...verdict })}\n`)
      expect({ seed, wrong: verdict.wrong.slice(0, 10) }).toEqual({ seed, wrong: [] })
      // It was a failover: something was lost.
      expect(verdict.lost).toBeGreaterThan(0)
    } finally {
      await Promise.all([address.close(), link.close(), master.close(), replica.close()])
    }
  }, 60_000)
})

describe('the judge', () => {
  const entry: Entry = {
    id: 'a',
    amounts: { k: 10 },
    actuals: { k: 4 },
    reserve: 'reserved',
    settled: 1,
    isOver: false,
  }
  const wrong = (
    given: Partial<Entry>,
    {
      held = 4,
      state = 'settled',
    }: { readonly held?: number; readonly state?: 'open' | 'settled' | 'none' } = {},
  ): readonly string[] =>
    judge([{ operations: 1, entries: [{ ...entry, ...given }] }], {
      counter: () => held,
      state: () => (state === 'none' ? undefined : state),
    }).wrong

  it.each<[string, readonly string[]]>([
    ['settled 2 times', wrong({ settled: 2 })],
    ['above a limit', wrong({ isOver: true })],
    ['holds 10, and what was used is 4', wrong({}, { held: 10 })],
    ['is not known', wrong({}, { state: 'none' })],
    ['is there', wrong({ reserve: 'refused' })],
    [
      'more than its limit',
      wrong({ amounts: { k: 5_000 }, actuals: { k: 5_000 } }, { held: 5_000 }),
    ],
  ])('sees what is %s', (what, found) => {
    expect(found.join()).toContain(what)
  })

  it('finds nothing wrong with what is right', () => {
    expect([wrong({}), wrong({}, { held: 10, state: 'open' })]).toEqual([[], []])
  })
})
