import { describe, expect, it } from 'vitest'
import { judge } from './bars.ts'
import type { Sample } from './figures.ts'

function jsonSample(subject: string, cpuMicros: number): Sample {
  return { subject, load: 'json@16', round: 0, cpuMicros, p50Ms: 1, p99Ms: 1, chunksPerAnswer: 1 }
}

const samples = [
  jsonSample('floor-express', 100),
  jsonSample('fetch-express', 250),
  jsonSample('postern-express', 150),
]

const subjects = ['floor-express', 'fetch-express', 'portkey', 'postern-express']

describe('judge', () => {
  const results = judge({ samples, imports: undefined, parts: ['json'], subjects })
  const verdictAgainst = (baseline: string) =>
    results.find((result) => result.baseline === baseline)?.verdict

  it('counts a ratio at the bar as met and one above it as not met', () => {
    expect(verdictAgainst('floor-express')).toBe('met')
    expect(verdictAgainst('fetch-express')).toBe('not met')
  })

  it('never calls a bar met that was not measured', () => {
    expect(verdictAgainst('portkey')).toBe('not measured')
  })

  it('leaves out the bars of rows and parts that were not asked for', () => {
    expect(results.map((result) => result.baseline)).toEqual([
      'floor-express',
      'fetch-express',
      'portkey',
    ])
  })

  it('judges import time by its own ratio', () => {
    const ratio = { median: 1.3, low: 1.2, high: 1.4 }
    const imports = { times: {}, ratios: { '@postern/express': ratio }, absent: {} }
    const judged = judge({ samples: [], imports, parts: ['import'], subjects: [] })
    expect(judged.map((result) => [result.subject, result.verdict])).toEqual([
      ['@postern/express', 'not met'],
      ['express + @postern/express', 'not measured'],
    ])
  })
})
