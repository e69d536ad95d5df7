import { compareRounds, figureOf } from './figures.ts'
import type { Figure, Sample } from './figures.ts'
import { loadName } from './measure.ts'
import type { Measured } from './measure.ts'
import { cpuConcurrency } from './settings.ts'
import { directName } from './subjects.ts'
import type { Traffic } from './traffic.ts'

/** Everything measured about one subject; a figure that was not measured is missing, never zero. */
export interface Row {
  subject: string
  /** Microseconds of CPU of the serving process per JSON request, by concurrency. */
  cpuPerRequestMicros: { one?: Figure; busy?: Figure; crowded?: Figure }
  /** Milliseconds on top of calling the upstream directly in the same round. */
  addedMs: { p50One?: Figure; p99One?: Figure; p50Crowded?: Figure; p99Crowded?: Figure }
  /** Microseconds of CPU of the serving process per event of a 100-event stream. */
  cpuPerEventMicros: { stream?: Figure; paced?: Figure; translated?: Figure }
  /** Milliseconds to the first event of a stream, on top of calling the upstream directly. */
  addedFirstEventMs?: Figure
  /** Pieces a 100-event stream arrived in at the client. */
  chunksPerStream?: Figure
  /** Resident memory of the process after the whole run. */
  memoryMegabytes?: number
  /** Why figures are missing. */
  absent?: string
}

const one = 1
const crowded = 64

export function buildTable(names: readonly string[], measured: Measured): Row[] {
  return names.map((subject) => buildRow(subject, measured))
}

function buildRow(subject: string, { samples, memoryMegabytes, absences }: Measured): Row {
  const own = (
    traffic: Traffic,
    concurrency: number,
    pick: (sample: Sample) => number,
  ): Figure | undefined =>
    figureOf(samples, { subject, load: loadName({ traffic, concurrency }) }, pick)
  const added = (
    traffic: Traffic,
    concurrency: number,
    pick: (sample: Sample) => number,
  ): Figure | undefined =>
    compareRounds(
      samples,
      { subject, baseline: directName, load: loadName({ traffic, concurrency }) },
      (sample, direct) => pick(sample) - pick(direct),
    )
  const row: Row = {
    subject,
    cpuPerRequestMicros: {
      one: own('json', one, cpu),
      busy: own('json', cpuConcurrency, cpu),
      crowded: own('json', crowded, cpu),
    },
    addedMs: {
      p50One: added('json', one, p50),
      p99One: added('json', one, p99),
      p50Crowded: added('json', crowded, p50),
      p99Crowded: added('json', crowded, p99),
    },
    cpuPerEventMicros: {
      stream: own('stream', cpuConcurrency, cpu),
      paced: own('paced', cpuConcurrency, cpu),
      translated: own('translated', cpuConcurrency, cpu),
    },
    addedFirstEventMs: added('stream', cpuConcurrency, p50),
    chunksPerStream: own('stream', cpuConcurrency, (sample) => sample.chunksPerAnswer),
    memoryMegabytes: memoryMegabytes.get(subject),
    absent: absences.get(subject),
  }
  return row
}

function cpu(sample: Sample): number {
  return sample.cpuMicros
}

function p50(sample: Sample): number {
  return sample.p50Ms
}

function p99(sample: Sample): number {
  return sample.p99Ms
}
