/**
 * Benchmark run by `npx -y pnpm@12 admission`: the CPU of letting one request in and settling it, by its
 * key and six limits, in memory, in a file and on Redis (`--redis redis://...`); and what a hundred
 * thousand keys cost. CPU comes from the system, of this process alone.
 */
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { createGateway, type AdminStore, memoryStore, sqliteStore, type Store } from '@postern/core'
import { redisStore } from '@postern/redis'
import { systemClock } from '../../packages/core/src/clock.ts'
import { createIdentify, ManagedKeys } from '../../packages/core/src/identity/index.ts'
import { AdmissionControl, type Limit } from '../../packages/core/src/limits/index.ts'
import { AdminCache } from '../../packages/core/src/storage/index.ts'

const { values } = parseArgs({ options: { redis: { type: 'string' } } })
const KEY = 'pk_admission_0123456789abcdef'

const limit = (part: Partial<Limit> & Pick<Limit, 'unit' | 'window'>): Limit => ({
  place: 'bench',
  scope: ['key'],
  only: new Map(),
  timeZone: 'UTC',
  amount: 1_000_000_000_000,
  alertAt: [],
  isSoft: false,
  ...part,
})
const limits: readonly Limit[] = [
  limit({ unit: 'requests', window: 'minute' }),
  limit({ unit: 'tokens', window: 'minute' }),
  limit({ unit: 'tokens', window: 'day', scope: ['team'] }),
  limit({ unit: 'usd', window: 'month', timeZone: 'Europe/Berlin' }),
  limit({ unit: 'usd', window: 'month', scope: ['tenant', 'feature'] }),
  limit({ unit: 'concurrency', window: undefined, scope: [], amount: 1_000_000 }),
]
const request = {
  header: (name: string) => (name === 'authorization' ? `Bearer ${KEY}` : undefined),
} as never
const identify = createIdentify({
  auth: 'keys',
  keys: [{ key: KEY, caller: { id: 'web', team: 'support', tenant: 'acme', feature: 'chat' } }],
  login: undefined,
})
const amounts = { inputTokens: 120, outputTokens: 1_024, nanoDollars: 2_500_000 }

/** Microseconds of CPU for each request, least of five rounds. */
async function measure(store: Store, requests: number, together: number): Promise<number> {
  const admission = new AdmissionControl({
    clock: systemClock,
    limitStore: store.limitStore,
    limitFailMode: 'local',
    budgetFailMode: 'closed',
    longestMs: 600_000,
    onLost: () => undefined,
  })
  let id = 0
  const one = async (): Promise<void> => {
    const caller = await identify(request)
    const admitted = await admission.admit(limits, {
      id: `request-${(id += 1)}-${process.pid}`,
      subject: {
        key: caller.id,
        tenant: caller.tenant,
        team: caller.team,
        user: undefined,
        feature: caller.feature,
        route: undefined,
        model: 'main/m',
      },
      estimate: () => amounts,
      degraded: new Set(),
    })
    admitted?.settle(amounts)
  }
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage()
    for (let at = 0; at < requests; at += together)
      await Promise.all(Array.from({ length: together }, one))
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / requests)
  }
  await admission.close()
  await store.close()
  return least
}

const rows: (readonly [string, string, string])[] = []
rows.push([
  'key and six limits in memory, reserved and settled, CPU',
  `${(await measure(memoryStore(Date.now), 50_000, 10)).toFixed(1)} us`,
  '15 us',
])
const folder = mkdtempSync(join(tmpdir(), 'postern-admission-'))
rows.push([
  'the same in a file',
  `${(await measure(sqliteStore(join(folder, 'postern.db'), Date.now), 5_000, 10)).toFixed(1)} us`,
  '',
])
rmSync(folder, { recursive: true })
if (values.redis !== undefined) {
  const store = redisStore({ url: values.redis, prefix: 'admission-bench' })
  while (
    !(await store.limitStore
      .read([{ kind: 'lease', key: 'up', amount: 1, limit: 1, leaseMs: 1 }])
      .then(
        () => true,
        () => false,
      ))
  )
    await new Promise((resolve) => setTimeout(resolve, 20))
  rows.push([
    'the same on Redis, CPU of this process',
    `${(await measure(store, 20_000, 50)).toFixed(1)} us`,
    '150 us',
  ])
}

const keys = (count: number): Record<string, { key: string; team: string }> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `key-${at}`,
      { key: `pk_bench_${at}_0123456789abcdef`, team: `team-${at % 100}` },
    ]),
  )
const start = (count: number): { ms: number; mib: number; lookupUs: number } => {
  const written = keys(count)
  globalThis.gc?.()
  const [before, started] = [process.memoryUsage().heapUsed, performance.now()]
  const gateway = createGateway(
    {
      providers: { main: { baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'test' } },
      keys: written,
      log: 'silent',
    },
    { environment: {} },
  )
  const ms = performance.now() - started
  globalThis.gc?.()
  const mib = (process.memoryUsage().heapUsed - before) / 2 ** 20
  const table = createIdentify({
    auth: 'keys',
    keys: Object.entries(written).map(([id, { key }]) => ({ key, caller: { id } })),
    login: undefined,
  })
  const find = (at: number): unknown =>
    table({
      header: (name: string) =>
        name === 'authorization' ? `Bearer pk_bench_${at % count}_0123456789abcdef` : undefined,
    } as never)
  for (let at = 0; at < 20_000; at++) find(at)
  const cpu = process.cpuUsage()
  for (let at = 0; at < 100_000; at++) find(at * 7)
  const { user, system } = process.cpuUsage(cpu)
  void gateway.close()
  return { ms, mib, lookupUs: (user + system) / 100_000 }
}
start(10)
const [few, many] = [start(10), start(100_000)]
rows.push([
  'start with 100,000 keys, more than with 10',
  `${Math.round(many.ms - few.ms)} ms`,
  '1000 ms',
])
rows.push(['memory of 100,000 keys', `${(many.mib - few.mib).toFixed(1)} MiB`, '60 MiB'])
rows.push([
  'look-up of a key among 100,000, and among 10',
  `${many.lookupUs.toFixed(2)} us, ${few.lookupUs.toFixed(2)} us`,
  '',
])

/**
 * The keys of a directory: how long until an instance knows them, how late others are meanwhile,
 * what they take and how fast one is found.
 */
async function startWith(
  adminStore: AdminStore,
  count: number,
): Promise<{ ms: number; lateMs: number; mib: number; lookupUs: number }> {
  const put = async (at: number): Promise<void> =>
    adminStore.put({
      kind: 'key',
      id: `key_${at}`,
      name: `key-${at}`,
      hash: createHmac('sha256', 'x').update(String(at)).digest('hex'),
      hint: 'pk_',
      createdAt: at,
      grants: { team: `team-${at % 100}` },
    })
  for (let at = 0; at < count; at += 500)
    await Promise.all(Array.from({ length: 500 }, (_, more) => put(at + more)))
  globalThis.gc?.()
  const [before, started] = [process.memoryUsage().heapUsed, performance.now()]
  const late = monitorEventLoopDelay({ resolution: 1 })
  late.enable()
  const register: AdminCache = new AdminCache({
    adminStore,
    clock: systemClock,
    onChange: (changed, isAnew) => ring.learn(changed, isAnew),
  })
  const ring = new ManagedKeys({
    register,
    clock: systemClock,
    callerOf: ({ name, grants }) => ({ ...grants, id: name, credential: 'made' }),
  })
  const { key } = await ring.make({ name: 'one', grants: { team: 'a' } })
  const ms = performance.now() - started
  late.disable()
  globalThis.gc?.()
  const mib = (process.memoryUsage().heapUsed - before) / 2 ** 20
  for (let at = 0; at < 20_000; at++) await ring.find(key)
  const cpu = process.cpuUsage()
  for (let at = 0; at < 100_000; at++) await ring.find(key)
  const { user, system } = process.cpuUsage(cpu)
  return { ms, lateMs: late.max / 1e6, mib, lookupUs: (user + system) / 100_000 }
}
async function directoryRows(where: string, store: Store): Promise<void> {
  const { adminStore } = store
  if (adminStore === undefined) throw new Error(`${where}: there is no directory.`)
  const { ms, lateMs, mib, lookupUs } = await startWith(adminStore, 100_000)
  rows.push([
    `100,000 keys made over /admin, ${where}: until they are known`,
    `${Math.round(ms)} ms`,
    '1000 ms',
  ])
  rows.push(['  the event loop meanwhile, latest', `${Math.round(lateMs)} ms`, ''])
  rows.push([
    '  memory, and a look-up',
    `${mib.toFixed(1)} MiB, ${lookupUs.toFixed(1)} us`,
    '60 MiB',
  ])
  await store.close()
}
const keysFolder = mkdtempSync(join(tmpdir(), 'postern-keys-'))
await directoryRows('in a file', sqliteStore(join(keysFolder, 'postern.db'), Date.now))
rmSync(keysFolder, { recursive: true })
if (values.redis !== undefined) {
  const store = redisStore({ url: values.redis, prefix: `keys-bench-${process.pid}` })
  while (
    !(await store.adminStore?.changesSince(0).then(
      () => true,
      () => false,
    ))
  )
    await new Promise((resolve) => setTimeout(resolve, 20))
  await directoryRows('on Redis', store)
}
for (const [figure, seen, bar] of rows)
  process.stdout.write(
    `${figure.padEnd(62)} ${seen.padStart(18)}   ${bar === '' ? '' : `bar ${bar}`}\n`,
  )
process.exit(0)
