import { Pool } from 'undici'
import { rotate } from './figures.ts'
import type { Sample } from './figures.ts'
import { drive, postOnce } from './load.ts'
import type { Load, LoadResult } from './load.ts'
import type { Settings } from './settings.ts'
import type { Target } from './subjects.ts'
import { EVENTS_PER_STREAM, isWhole } from './traffic.ts'
import type { Traffic } from './traffic.ts'

/** Why figures of a subject are missing, by its name. */
export type Absences = Map<string, string>

export interface Measured {
  samples: readonly Sample[]
  /** Resident memory of each process after all its work. */
  memoryMegabytes: ReadonlyMap<string, number>
  absences: Absences
}

export interface Rounds {
  targets: readonly Target[]
  upstreamUrl: string
  settings: Settings
  absences: Absences
  say: (text: string) => void
}

/** `json@16`: the key under which the samples of a load are found again. */
export function loadName(load: Pick<Load, 'traffic' | 'concurrency'>): string {
  return `${load.traffic}@${load.concurrency}`
}

/**
 * Warms every subject up, then measures in rounds. Within a round each load goes to all subjects
 * one after another, in an order that starts one place later each time, so that samples that are
 * compared lie seconds apart. A subject that fails under load loses all its figures: some of them
 * would look like all of them.
 */
export async function measureRounds({
  targets,
  upstreamUrl,
  settings,
  absences,
  say,
}: Rounds): Promise<Measured> {
  const runners = targets.map((target) => createRunner(target, upstreamUrl))
  const samples: Sample[] = []
  const failed = new Set<string>()
  const memoryMegabytes = new Map<string, number>()
  const attempt = async <Result>(
    runner: Runner,
    load: Load,
    work: () => Promise<Result>,
  ): Promise<Result | undefined> => {
    if (failed.has(runner.name) || !runner.takes(load.traffic)) return undefined
    try {
      return await work()
    } catch (error) {
      failed.add(runner.name)
      absences.set(runner.name, `failed under load: ${(error as Error).message}`)
      return undefined
    }
  }
  try {
    say(`warming up ${runners.length} subjects`)
    for (const runner of runners) {
      for (const load of settings.warmUp) await attempt(runner, load, () => runner.run(load))
    }
    for (let round = 0; round < settings.rounds; round += 1) {
      say(`round ${round + 1} of ${settings.rounds}`)
      for (const load of settings.loads) {
        for (const runner of rotate(runners, round)) {
          const sample = await attempt(runner, load, () => sampleOf(runner, load, round))
          if (sample) samples.push(sample)
        }
      }
    }
    for (const runner of runners) {
      if (!failed.has(runner.name))
        memoryMegabytes.set(runner.name, (await runner.usage()).memoryBytes / 2 ** 20)
    }
  } finally {
    await Promise.all(runners.map((runner) => runner.close()))
  }
  return {
    samples: samples.filter((sample) => !failed.has(sample.subject)),
    memoryMegabytes,
    absences,
  }
}

async function sampleOf(runner: Runner, load: Load, round: number): Promise<Sample> {
  // Connections that the pause since the last turn has closed are opened again before the clock
  // starts.
  await runner.run({ ...load, requests: load.concurrency })
  const before = await runner.usage()
  const result = await runner.run(load)
  const spent = (await runner.usage()).cpuMicros - before.cpuMicros
  const units = load.requests * (isWhole(load.traffic) ? 1 : EVENTS_PER_STREAM)
  return { subject: runner.name, load: loadName(load), round, cpuMicros: spent / units, ...result }
}

interface Runner {
  name: string
  takes(traffic: Traffic): boolean
  run(load: Load): Promise<LoadResult>
  usage(): Promise<{ cpuMicros: number; memoryBytes: number }>
  close(): Promise<void>
}

function createRunner(target: Target, upstreamUrl: string): Runner {
  const { subject, child } = target
  const pool = subject.kind === 'http' ? new Pool(target.origin) : undefined
  return {
    name: subject.name,
    takes: (traffic) => subject.traffic.includes(traffic),
    async run(load) {
      if (pool) {
        const post = subject.post(load.traffic, upstreamUrl)
        return drive(load, () => postOnce(pool, post))
      }
      const answer = await child.ask({ type: 'run', load })
      if (answer.type === 'ran') return answer.result
      throw new Error(answer.type === 'failed' ? answer.reason : `unexpected '${answer.type}'`)
    },
    async usage() {
      const answer = await child.ask({ type: 'usage' })
      if (answer.type === 'usage') return answer
      throw new Error(`unexpected '${answer.type}'`)
    },
    async close() {
      await pool?.destroy()
    },
  }
}
