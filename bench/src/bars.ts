import { cpuRatio, figureOf } from './figures.ts'
import type { Figure, Sample } from './figures.ts'
import type { ImportName, ImportTimes } from './import-time.ts'
import { loadName } from './measure.ts'
import { isPair, pairs, samePair } from './pairs.ts'
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
  /**
   * Median over the rounds, with the lowest and highest round; missing when either side was not
   * measured.
   */
  ratio?: Figure
  verdict: 'met' | 'not met' | 'not measured'
}

interface CpuBar extends Bar {
  traffic: Traffic
  baselineTraffic?: Traffic
}

interface ImportBar extends Bar {
  subject: ImportName
}

const figureNames: Readonly<Partial<Record<Traffic, string>>> = {
  json: 'JSON, CPU per request',
  stream: 'same-dialect stream, CPU per event',
  paced: 'the same, events 1 ms apart',
  translated: 'Anthropic to OpenAI stream, CPU per event',
}

const frameworks = ['express', 'koa', 'hono'] as const

const cpuBars: readonly CpuBar[] = [
  ...['node', ...frameworks].map((name) =>
    cpuBar('json', 1.5, [`postern-${name}`, `floor-${name}`]),
  ),
  ...frameworks.map((name) => cpuBar('json', 0.5, [`postern-${name}`, 'fetch-express'])),
  ...frameworks.map((name) => cpuBar('json', 0.2, [`postern-${name}`, 'portkey'])),
  ...['node', ...frameworks].map((name) =>
    cpuBar('stream', 1.3, [`postern-${name}`, `floor-${name}`]),
  ),
  ...['node', ...frameworks].map((name) =>
    cpuBar('paced', 1.3, [`postern-${name}`, `floor-${name}`]),
  ),
  ...frameworks.map((name) => cpuBar('translated', 0.5, [`postern-${name}`, 'portkey'])),
  // Only what the other gateway answers right is compared; a pair it gets wrong is reported as not
  // measured.
  ...(['pair:openai-chat>gemini', 'pair:openai-chat>cohere'] as const).map((traffic) =>
    cpuBar(traffic, 0.5, ['postern-node', 'portkey']),
  ),
  ...pairs.slice(1).map((traffic) => ({
    ...cpuBar(traffic, 3, ['postern-node', 'postern-node']),
    baselineTraffic: samePair(),
  })),
]

/** Milliseconds of CPU that a long conversation may cost, translated and answered whole. */
const conversationBar: Bar = {
  figure: 'a conversation of 50 KB from OpenAI to Anthropic',
  subject: 'postern-node',
  baseline: 'one millisecond of CPU',
  limit: 0.6,
  part: 'pairs',
}

const importBars: readonly ImportBar[] = (
  ['@postern/express', 'express + @postern/express'] as const
).map((subject) => ({
  figure: 'import time',
  subject,
  baseline: 'express + undici + zod',
  limit: 1.25,
  part: 'import',
}))

function cpuBar(traffic: Traffic, limit: number, [subject, baseline]: [string, string]): CpuBar {
  const figure = isPair(traffic)
    ? `${traffic.slice('pair:'.length).replace('>', ' to ')}, CPU per event`
    : (figureNames[traffic] ?? traffic)
  return {
    figure,
    subject,
    baseline,
    limit,
    traffic,
    part: isPair(traffic) ? 'pairs' : traffic === 'json' ? 'json' : 'stream',
  }
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
    .filter(
      (bar) =>
        parts.includes(bar.part) &&
        subjects.includes(bar.subject) &&
        subjects.includes(bar.baseline),
    )
    .map(({ traffic, baselineTraffic, ...bar }) => {
      const nameOf = (one: Traffic): string =>
        loadName({ traffic: one, concurrency: cpuConcurrency })
      const baselineLoad = baselineTraffic && nameOf(baselineTraffic)
      const ratio = cpuRatio(samples, {
        subject: bar.subject,
        baseline: bar.baseline,
        load: nameOf(traffic),
        baselineLoad,
      })
      return withVerdict(
        baselineTraffic === undefined ? bar : { ...bar, baseline: 'the same dialect' },
        ratio,
      )
    })
  const conversation = figureOf(
    samples,
    {
      subject: conversationBar.subject,
      load: loadName({ traffic: 'conversation', concurrency: cpuConcurrency }),
    },
    (sample) => sample.cpuMicros / 1000,
  )
  const conversations =
    parts.includes('pairs') && subjects.includes(conversationBar.subject)
      ? [withVerdict(conversationBar, conversation)]
      : []
  const importResults = importBars
    .filter((bar) => parts.includes(bar.part))
    .map((bar) => withVerdict(bar, imports?.ratios[bar.subject]))
  return [...cpuResults, ...conversations, ...importResults]
}

function withVerdict(bar: Bar, ratio: Figure | undefined): BarResult {
  if (!ratio) return { ...bar, verdict: 'not measured' }
  return { ...bar, ratio, verdict: ratio.median <= bar.limit ? 'met' : 'not met' }
}
