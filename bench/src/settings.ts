import { parseArgs } from 'node:util'
import type { Load } from './load.ts'
import { subjects } from './subjects.ts'
import { pairs } from './pairs.ts'
import type { Traffic } from './traffic.ts'

export type Part = 'json' | 'stream' | 'pairs' | 'import'

/** Settings of one benchmark run, read once from the command line. */
export interface Settings {
  help: boolean
  quick: boolean
  rounds: number
  parts: readonly Part[]
  subjects: readonly string[]
  warmUp: readonly Load[]
  loads: readonly Load[]
  /** Fresh processes per thing whose import is timed. */
  importRuns: number
  /** Where the table goes as JSON: a file, `-` for standard output, or nowhere. */
  jsonFile: string | undefined
  writesMarkdown: boolean
}

export const usage = `npx -y pnpm@12 bench [options]

  --quick              fewer rounds and requests: a look, not a result
  --rounds <n>         rounds to measure (default 7, quick 3)
  --only <part>        json, stream, pairs or import
  --subjects <a,b>     only these rows
  --json [file]        the table as JSON, to standard output or a file
  --markdown           write docs/benchmarks.md (whole runs only)
  --help               this text
`

const parts: readonly Part[] = ['json', 'stream', 'pairs', 'import']

/** The concurrency at which CPU is compared: enough to keep a process busy, not enough to queue. */
export const cpuConcurrency = 16

/** Reads the command line; throws with what is wrong with it. */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: nameJsonTarget(args),
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      subjects: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'boolean', default: false },
    },
  })
  if (values.markdown && (values.only || values.subjects || values.quick)) {
    throw new Error(
      '--markdown writes the page of a whole run: leave --only, --subjects and --quick out',
    )
  }
  const chosenParts = readParts(values.only)
  return {
    help: values.help,
    quick: values.quick,
    rounds: readRounds(values.rounds, values.quick ? 3 : 7),
    parts: chosenParts,
    subjects: readSubjects(values.subjects),
    ...planLoads(chosenParts, values.quick),
    importRuns: values.quick ? 5 : 21,
    jsonFile: values.json,
    writesMarkdown: values.markdown,
  }
}

/** `--json` may stand alone; `parseArgs` wants a value with every text option. */
function nameJsonTarget(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1]
    return arg === '--json' && (next === undefined || next.startsWith('--')) ? '--json=-' : arg
  })
}

function readRounds(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 50) return rounds
  throw new Error(`--rounds takes a whole number from 1 to 50, not '${text}'`)
}

function readParts(text: string | undefined): readonly Part[] {
  if (text === undefined) return parts
  const part = parts.find((known) => known === text)
  if (part) return [part]
  throw new Error(`--only takes one of ${parts.join(', ')}, not '${text}'`)
}

function readSubjects(text: string | undefined): readonly string[] {
  const known = subjects.map((subject) => subject.name)
  if (text === undefined) return known
  const chosen = text.split(',').map((name) => name.trim())
  const unknown = chosen.filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw new Error(`--subjects does not know ${unknown.join(', ')}; it knows ${known.join(', ')}`)
  return chosen
}

/**
 * Counts are fixed, never a duration, so that every subject allocates as often and the collector
 * runs as often. The warm-up is long because the optimising compiler, whose threads count as CPU of
 * the process, is busy for the first ten thousand requests or so.
 */
function planLoads(chosen: readonly Part[], quick: boolean): { warmUp: Load[]; loads: Load[] } {
  const of = (traffic: Traffic, concurrency: number, requests: number): Load => ({
    traffic,
    concurrency,
    requests,
  })
  const warmUp: Load[] = []
  const loads: Load[] = []
  if (chosen.includes('json')) {
    warmUp.push(
      of('json', 64, quick ? 1_000 : 4_000),
      of('json', cpuConcurrency, quick ? 3_000 : 8_000),
    )
    loads.push(of('json', 1, quick ? 150 : 400))
    loads.push(of('json', cpuConcurrency, quick ? 1_000 : 2_500))
    loads.push(of('json', 64, quick ? 300 : 1_200))
  }
  if (chosen.includes('stream')) {
    for (const traffic of ['stream', 'translated'] as const) {
      warmUp.push(of(traffic, cpuConcurrency, quick ? 100 : 600))
      loads.push(of(traffic, cpuConcurrency, quick ? 64 : 350))
    }
    loads.push(of('paced', cpuConcurrency, quick ? 16 : 96))
  }
  if (chosen.includes('pairs')) {
    warmUp.push(of('conversation', cpuConcurrency, quick ? 1_000 : 2_500))
    loads.push(of('conversation', cpuConcurrency, quick ? 100 : 300))
    for (const pair of pairs) {
      warmUp.push(of(pair, cpuConcurrency, quick ? 60 : 150))
      loads.push(of(pair, cpuConcurrency, quick ? 32 : 96))
    }
  }
  return { warmUp, loads }
}
