import { describe, expect, it } from 'vitest'
import {
  compareRounds,
  cpuRatio,
  figureOf,
  median,
  percentile,
  rotate,
  summarise,
} from './figures.ts'
import type { Sample } from './figures.ts'

function sample(subject: string, round: number, cpuMicros: number): Sample {
  return {
    subject,
    load: 'json@16',
    round,
    cpuMicros,
    p50Ms: cpuMicros / 100,
    p99Ms: 1,
    chunksPerAnswer: 1,
  }
}

describe('median', () => {
  it('takes the middle value whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5)
  })

  it('takes the mean of the two middle values of an even list', () => {
    expect(median([10, 1, 3, 2])).toBe(2.5)
  })

  it('sorts by number, not by text', () => {
    expect(median([100, 20, 3])).toBe(20)
  })

  it('is not a number for an empty list', () => {
    expect(median([])).toBeNaN()
  })
})

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)

  it('gives the nearest rank, a value that was measured', () => {
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile([7, 8], 0.99)).toBe(8)
  })

  it('stays inside the list at both ends', () => {
    expect(percentile(hundred, 0)).toBe(1)
    expect(percentile(hundred, 1)).toBe(100)
  })
})

describe('rotate', () => {
  it('starts later each turn and comes round', () => {
    expect(rotate(['a', 'b', 'c'], 0)).toEqual(['a', 'b', 'c'])
    expect(rotate(['a', 'b', 'c'], 1)).toEqual(['b', 'c', 'a'])
    expect(rotate(['a', 'b', 'c'], 5)).toEqual(['c', 'a', 'b'])
    expect(rotate([], 3)).toEqual([])
  })
})

describe('summarise', () => {
  it('keeps the spread beside the median', () => {
    expect(summarise([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 })
  })

  it('has nothing to say about nothing', () => {
    expect(summarise([])).toBeUndefined()
  })
})

describe('comparing rounds', () => {
  it('divides within the round, so a slow round does not count against one side', () => {
    const samples = [
      sample('floor', 0, 100),
      sample('gateway', 0, 120),
      sample('floor', 1, 300),
      sample('gateway', 1, 360),
      sample('floor', 2, 90),
      sample('gateway', 2, 117),
    ]
    expect(cpuRatio(samples, { subject: 'gateway', baseline: 'floor', load: 'json@16' })).toEqual({
      median: 1.2,
      low: 1.2,
      high: 1.3,
    })
  })

  it('leaves out rounds in which one side is missing', () => {
    const samples = [sample('floor', 0, 100), sample('gateway', 0, 150), sample('gateway', 1, 900)]
    const difference = compareRounds(
      samples,
      { subject: 'gateway', baseline: 'floor', load: 'json@16' },
      (subject, baseline) => subject.cpuMicros - baseline.cpuMicros,
    )
    expect(difference).toEqual({ median: 50, low: 50, high: 50 })
  })

  it('knows nothing about a subject or a load that was not measured', () => {
    const samples = [sample('floor', 0, 100)]
    expect(
      cpuRatio(samples, { subject: 'gateway', baseline: 'floor', load: 'json@16' }),
    ).toBeUndefined()
    expect(
      figureOf(samples, { subject: 'floor', load: 'json@1' }, (found) => found.cpuMicros),
    ).toBeUndefined()
  })

  it('takes a figure from the samples of one subject and one load only', () => {
    const samples = [sample('floor', 0, 100), sample('floor', 1, 110), sample('gateway', 0, 500)]
    expect(
      figureOf(samples, { subject: 'floor', load: 'json@16' }, (found) => found.cpuMicros),
    ).toEqual({
      median: 105,
      low: 100,
      high: 110,
    })
  })
})
