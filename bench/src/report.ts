import type { BarResult } from './bars.ts'
import type { Figure, Sample } from './figures.ts'
import type { ImportTimes } from './import-time.ts'
import type { Machine } from './machine.ts'
import { cpuConcurrency } from './settings.ts'
import type { Settings } from './settings.ts'
import type { Row } from './table.ts'

/** One finished run: what `--json` writes, and what the text is made of. */
export interface Report {
  machine: Machine
  settings: Pick<Settings, 'quick' | 'rounds' | 'parts' | 'warmUp' | 'loads' | 'importRuns'>
  table: readonly Row[]
  imports: ImportTimes | undefined
  bars: readonly BarResult[]
  /** Every single measurement, for other statistics. */
  samples: readonly Sample[]
}

/** The tables as Markdown, padded so that they read well in a terminal too. */
export function renderTables(report: Report): string {
  return [renderFigures(report), renderImports(report.imports), renderBars(report.bars)]
    .filter(Boolean)
    .join('\n\n')
}

/** The page kept in `docs/benchmarks.md`. */
export function renderPage(report: Report): string {
  const { machine, settings } = report
  const warmUp = settings.warmUp.reduce(
    (sum, load) => sum + (load.traffic === 'json' ? load.requests : 0),
    0,
  )
  const versions = Object.entries(machine.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
  return `# Benchmarks

Written by \`npx -y pnpm@12 bench --markdown\` on ${machine.date}: ${machine.cpu}, ${machine.cores} cores, \
${machine.memoryGigabytes} GB, ${machine.system}, Node ${machine.node}.
Versions: ${versions}.

${renderTables(report)}

## How it is measured

- Every row is a server in a process of its own, with the same Node binary and \`NODE_ENV=production\`; one fake \
upstream in another process serves them all, and the load comes from a third. Everything is on loopback.
- **CPU** is the CPU time of the serving process as the operating system counts it (\`process.cpuUsage\`, all threads), \
before and after a fixed number of requests, ${cpuConcurrency} at a time. It is the figure that survives a noisy machine. \
Time per event is the whole cost of a stream of 100 events divided by 100, its request included.
- **Added** latency is the percentile minus that of calling the upstream directly in the same round. With load \
generator, subject and upstream on ${machine.cores} cores, concurrency 64 shows queueing more than anything else.
- Requests are about 1 KB, JSON answers about 2 KB; the upstream writes every event of a stream by \
itself, as fast as it can, so some arrive joined together, or a millisecond apart, so that each arrives alone. \
Before a subject is measured, it must give the right answer: the whole text, the finish reason, usage, every event.
- After a warm-up of ${warmUp} JSON requests come ${settings.rounds} rounds. In a round each load goes to all subjects one after \
another, starting one place later each time; a ratio is taken within a round, and the median of the rounds is what counts \
(lowest and highest round in brackets).
- Two kinds of rows go beyond the promise and are still held to its bars: events one millisecond apart, where nearly all the time is the system's own work for a read and a write and the noise is largest, and Express imported together with the adapter.
- **Import time** is measured in fresh processes, ${settings.importRuns} per row, taking turns.
- Rows: \`floor-*\` parse and serialise JSON both ways over undici and pipe streams, bare or inside a framework; \
\`fetch-express\` is the proxy a team writes by hand with Express and \`fetch\`; \`portkey\` is Portkey's gateway; \
\`*-in-process\` are called without a socket of their own, so their CPU holds the work of the caller as well.
`
}

function renderFigures({ table, settings }: Report): string {
  const json = settings.parts.includes('json')
  const stream = settings.parts.includes('stream')
  if (!json && !stream) return ''
  const header = [
    'row',
    ...(json ? ['JSON CPU us/request', 'added ms p50 @1', 'p99 @1', 'p50 @64', 'p99 @64'] : []),
    ...(stream
      ? ['stream CPU us/event', '1 ms apart', 'Anthropic to OpenAI', 'added ms to first event']
      : []),
    'memory MB',
  ]
  const lines = table
    .filter((row) => row.memoryMegabytes !== undefined)
    .map((row) => [
      row.subject,
      ...(json
        ? [
            decimals(row.cpuPerRequestMicros.busy, 0),
            decimals(row.addedMs.p50One, 2),
            decimals(row.addedMs.p99One, 2),
            decimals(row.addedMs.p50Crowded, 1),
            decimals(row.addedMs.p99Crowded, 1),
          ]
        : []),
      ...(stream
        ? [
            decimals(row.cpuPerEventMicros.stream, 1),
            decimals(row.cpuPerEventMicros.paced, 1),
            decimals(row.cpuPerEventMicros.translated, 1),
            decimals(row.addedFirstEventMs, 1),
          ]
        : []),
      row.memoryMegabytes?.toFixed(0) ?? '',
    ])
  const absent = table
    .filter((row) => row.absent !== undefined)
    .map((row) => `- \`${row.subject}\`, missing figures: ${row.absent}`)
  return [renderRows([header, ...lines]), ...(absent.length > 0 ? [absent.join('\n')] : [])].join(
    '\n\n',
  )
}

function renderImports(imports: ImportTimes | undefined): string {
  if (!imports) return ''
  const lines = Object.entries(imports.times).map(([name, time]) => [
    name,
    decimals(time, 1),
    decimals(imports.ratios[name as keyof ImportTimes['ratios']], 2),
  ])
  const absent = Object.entries(imports.absent).map(
    ([name, reason]) => `- \`${name}\` is missing: ${reason}`,
  )
  const table = renderRows([['import', 'ms', 'ratio'], ...lines])
  return [table, ...(absent.length > 0 ? [absent.join('\n')] : [])].join('\n\n')
}

function renderBars(bars: readonly BarResult[]): string {
  if (bars.length === 0) return ''
  const lines = bars.map((bar) => [
    bar.figure,
    `${bar.subject} / ${bar.baseline}`,
    `<= ${bar.limit}`,
    bar.ratio
      ? `${bar.ratio.median.toFixed(2)} (${bar.ratio.low.toFixed(2)} to ${bar.ratio.high.toFixed(2)})`
      : '',
    bar.verdict,
  ])
  const met = bars.filter((bar) => bar.verdict === 'met').length
  return `## Bars: ${met} of ${bars.length} met\n\n${renderRows([['figure', 'ratio of', 'bar', 'measured', 'met?'], ...lines])}`
}

function decimals(figure: Figure | undefined, digits: number): string {
  return figure ? figure.median.toFixed(digits) : ''
}

/** A Markdown table, first row as header, columns padded to the same width. */
function renderRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const lines = rows.map(
    (row) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`,
  )
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}
