import { cpuRatio } from './figures.ts'
import type { Figure, Sample } from './figures.ts'
import type { ImportName, ImportTimes } from './import-time.ts'
import { loadName } from './measure.ts'
import { cpuConcurrency } from './settings.ts'
import type { Part } from './settings.ts'
import type { Traffic } from './traffic.ts'

/** A speed the project holds itself to: a ratio that must not be above `limit`. */
export interface Bar {
  figure: string
  subject: string
  baseline: string
  limit: number
  part: Part
}

export interface BarResult extends Bar {
  /** Median over the rounds, with the lowest and highest round; missing when either side was not measured. */
  ratio?: Figure
  verdict: 'met' | 'not met' | 'not measured'
}

interface CpuBar extends Bar {
  traffic: Traffic
}

interface ImportBar extends Bar {
  subject: ImportName
}

const figureNames: Record<Traffic, string> = {
  json: 'JSON, CPU per request',
  stream: 'same-dialect stream, CPU per event',
  paced: 'the same, events 1 ms apart',
  translated: 'Anthropic to OpenAI stream, CPU per event',
}

const frameworks = ['express', 'koa', 'hono'] as const

const cpuBars: readonly CpuBar[] = [
  ...['node', ...frameworks].map((name) => cpuBar('json', 1.5, [`postern-${name}`, `floor-${name}`])),
  ...frameworks.map((name) => cpuBar('json', 0.5, [`postern-${name}`, 'fetch-express'])),
  ...frameworks.map((name) => cpuBar('json', 0.2, [`postern-${name}`, 'portkey'])),
  ...['node', ...frameworks].map((name) => cpuBar('stream', 1.3, [`postern-${name}`, `floor-${name}`])),
  ...['node', ...frameworks].map((name) => cpuBar('paced', 1.3, [`postern-${name}`, `floor-${name}`])),
  ...frameworks.map((name) => cpuBar('translated', 0.5, [`postern-${name}`, 'portkey'])),
]

const importBars: readonly ImportBar[] = (['@postern/express', 'express + @postern/express'] as const).map((subject) => ({
  figure: 'import time',
  subject,
  baseline: 'express + undici + zod',
  limit: 1.25,
  part: 'import',
}))

function cpuBar(traffic: Traffic, limit: number, [subject, baseline]: [string, string]): CpuBar {
  return { figure: figureNames[traffic], subject, baseline, limit, traffic, part: traffic === 'json' ? 'json' : 'stream' }
}

export interface Judged {
  samples: readonly Sample[]
  imports: ImportTimes | undefined
  parts: readonly Part[]
  /** Rows of this run; bars of other rows are left out. */
  subjects: readonly string[]
}

/** Compares what was measured with the bars that belong to this run. */
export function judge({ samples, imports, parts, subjects }: Judged): BarResult[] {
  const cpuResults = cpuBars
    .filter((bar) => parts.includes(bar.part) && subjects.includes(bar.subject) && subjects.includes(bar.baseline))
    .map(({ traffic, ...bar }) => {
      const load = loadName({ traffic, concurrency: cpuConcurrency })
      return withVerdict(bar, cpuRatio(samples, { subject: bar.subject, baseline: bar.baseline, load }))
    })
  const importResults = importBars
    .filter((bar) => parts.includes(bar.part))
    .map((bar) => withVerdict(bar, imports?.ratios[bar.subject]))
  return [...cpuResults, ...importResults]
}

function withVerdict(bar: Bar, ratio: Figure | undefined): BarResult {
  if (!ratio) return { ...bar, verdict: 'not measured' }
  return { ...bar, ratio, verdict: ratio.median <= bar.limit ? 'met' : 'not met' }
}
