import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readComplaint } from './complaint.ts'
import { cleanEnvironment } from './environment.ts'
import { rotate, summarise } from './figures.ts'
import type { Figure } from './figures.ts'

/** Imported modules, by the name of their row. */
const candidates = {
  'express + undici + zod': ['express', 'undici', 'zod'],
  '@postern/express': ['@postern/express'],
  'express + @postern/express': ['express', '@postern/express'],
} as const

export type ImportName = keyof typeof candidates

export interface ImportTimes {
  /** Milliseconds from the first import to the last, in a fresh process. */
  times: Partial<Record<ImportName, Figure>>
  /** Time divided by that of `express + undici + zod` in the same turn. */
  ratios: Partial<Record<ImportName, Figure>>
  absent: Partial<Record<ImportName, string>>
}

const baseline: ImportName = 'express + undici + zod'

/**
 * Imports each candidate in fresh processes, taking turns, `runs` times each after one that only
 * fills the file cache.
 */
export async function measureImports(runs: number): Promise<ImportTimes> {
  const names = Object.keys(candidates) as ImportName[]
  const result: ImportTimes = { times: {}, ratios: {}, absent: {} }
  const measured = new Map<ImportName, number[]>()
  for (let run = -1; run < runs; run += 1) {
    for (const name of rotate(names, run + 1)) {
      if (result.absent[name] !== undefined) continue
      try {
        const milliseconds = await importOnce(candidates[name])
        if (run >= 0) measured.set(name, [...(measured.get(name) ?? []), milliseconds])
      } catch (error) {
        result.absent[name] = (error as Error).message
      }
    }
  }
  for (const [name, times] of measured) {
    if (result.absent[name] !== undefined) continue
    result.times[name] = summarise(times)
    const baselines = measured.get(baseline) ?? []
    result.ratios[name] = summarise(
      times.map((time, index) => time / (baselines[index] ?? Number.NaN)),
    )
  }
  return result
}

async function importOnce(names: readonly string[]): Promise<number> {
  const imports = names.map((name) => `await import(${JSON.stringify(name)})`).join('\n')
  const code = `const startedAt = performance.now()\n${imports}\nprocess.stdout.write(String(performance.now() - startedAt))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', code],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: cleanEnvironment(),
      timeout: 20_000,
    },
  ).catch((error: Error & { stderr?: string }) => {
    throw new Error(readComplaint(error.stderr ?? error.message))
  })
  return Number(stdout)
}
