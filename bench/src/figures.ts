/** One measurement: one subject under one load in one round. */
export interface Sample {
  subject: string
  /** Name of the load, `json@16` for example. */
  load: string
  round: number
  /** Microseconds of CPU time of the serving process per request, or per event of a stream. */
  cpuMicros: number
  /** Whole answer for JSON, first event for streams. */
  p50Ms: number
  p99Ms: number
  /** How many pieces an answer arrived in: tells how much the network joined together. */
  chunksPerAnswer: number
}

/** A figure over all rounds: the median, and the lowest and highest round beside it. */
export interface Figure {
  median: number
  low: number
  high: number
}

/** The middle value; the mean of the two middle ones when their number is even. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/**
 * Nearest-rank percentile (`share` from 0 to 1): always a value that was really measured. NaN of
 * nothing.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  return sorted[rank - 1] ?? Number.NaN
}

/** The same order, starting `turns` places later, so that no subject always goes first. */
export function rotate<Item>(items: readonly Item[], turns: number): Item[] {
  if (items.length === 0) return []
  const start = turns % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

/** Summary of a list of values; undefined of nothing. */
export function summarise(values: readonly number[]): Figure | undefined {
  if (values.length === 0) return undefined
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) }
}

/** Figures of one subject under one load, over all rounds. */
export function figureOf(
  samples: readonly Sample[],
  key: SampleKey,
  pick: (sample: Sample) => number,
): Figure | undefined {
  return summarise(
    samples
      .filter((sample) => sample.subject === key.subject && sample.load === key.load)
      .map(pick),
  )
}

export interface SampleKey {
  subject: string
  load: string
}

export interface Pair extends SampleKey {
  baseline: string
  /** Where the baseline is measured under another load. */
  baselineLoad?: string | undefined
}

/**
 * Compares two subjects round by round, then takes the median: whatever slowed the machine down in
 * one round slowed both. Rounds in which either is missing do not count.
 */
export function compareRounds(
  samples: readonly Sample[],
  pair: Pair,
  compare: (subject: Sample, baseline: Sample) => number,
): Figure | undefined {
  const of = (subject: string, load: string): Sample[] =>
    samples.filter((sample) => sample.subject === subject && sample.load === load)
  const baselines = new Map(
    of(pair.baseline, pair.baselineLoad ?? pair.load).map((sample) => [sample.round, sample]),
  )
  const values: number[] = []
  for (const sample of of(pair.subject, pair.load)) {
    const baseline = baselines.get(sample.round)
    if (baseline) values.push(compare(sample, baseline))
  }
  return summarise(values)
}

/** CPU of the subject divided by CPU of the baseline. */
export function cpuRatio(samples: readonly Sample[], pair: Pair): Figure | undefined {
  return compareRounds(samples, pair, (subject, baseline) => subject.cpuMicros / baseline.cpuMicros)
}
