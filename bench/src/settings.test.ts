import { describe, expect, it } from 'vitest'
import { pairs } from './pairs.ts'
import { readSettings } from './settings.ts'

describe('readSettings', () => {
  it('measures everything in seven rounds by default', () => {
    const settings = readSettings([])
    expect(settings).toMatchObject({
      rounds: 7,
      parts: ['json', 'stream', 'pairs', 'import'],
      jsonFile: undefined,
    })
    expect(settings.loads.map((load) => `${load.traffic}@${load.concurrency}`)).toEqual([
      'json@1',
      'json@16',
      'json@64',
      'stream@16',
      'translated@16',
      'paced@16',
      'conversation@16',
      ...pairs.map((pair) => `${pair}@16`),
    ])
  })

  it('warms up with thousands of requests, quick or not', () => {
    for (const args of [[], ['--quick']]) {
      const requests = readSettings(args)
        .warmUp.filter((load) => load.traffic === 'json')
        .map((load) => load.requests)
      expect(requests.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(2_000)
    }
  })

  it('lets --json stand alone or name a file', () => {
    expect(readSettings(['--json']).jsonFile).toBe('-')
    expect(readSettings(['--json', '--quick']).jsonFile).toBe('-')
    expect(readSettings(['--json', 'table.json']).jsonFile).toBe('table.json')
  })

  it('plans no load when only the import is timed', () => {
    expect(readSettings(['--only', 'import']).loads).toEqual([])
  })

  it('refuses what it does not know, naming what it does', () => {
    expect(() => readSettings(['--only', 'everything'])).toThrow('json, stream, pairs, import')
    expect(() => readSettings(['--subjects', 'floor-node,unknown'])).toThrow(
      'does not know unknown',
    )
    expect(() => readSettings(['--rounds', '0'])).toThrow("not '0'")
    expect(() => readSettings(['--markdown', '--quick'])).toThrow('whole run')
  })
})
