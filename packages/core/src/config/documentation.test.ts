import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  configurationPath,
  renderConfiguration,
} from '../../../../scripts/generate-configuration.ts'
import { FakeClock } from '../clock.fake.ts'
import { catalogue, clouds, placeholdersOf } from '../providers/index.ts'
import { environmentFields } from './sources/env-fields.ts'
import { readEnvironment } from './sources/env.ts'
import type { Problem } from './values/problem.ts'
import { resolveSettings } from './resolve.ts'
import { defaults } from './schema/defaults.ts'
import { optionsSchema } from './schema/schema.ts'

const documentation = readFileSync(configurationPath, 'utf8')
/** First cells of the rows of the table below a heading. */
function firstCells(heading: string): string[] {
  const section = documentation.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] as string)
}

describe('docs/configuration.md', () => {
  it('is what the generator writes', () => {
    expect(documentation).toBe(renderConfiguration())
  })

  it('names exactly the variables that are read', () => {
    const named = firstCells('Environment').filter((name) => name.startsWith('POSTERN_'))
    expect(named.sort()).toEqual(
      environmentFields()
        .map((field) => field.meta.env as string)
        .sort(),
    )
    for (const name of named) {
      const problems: Problem[] = []
      readEnvironment({ [name.replace('<NAME>', 'X')]: 'x' }, problems)
      expect(
        problems.filter((problem) => problem.message === 'There is no such variable.'),
      ).toEqual([])
    }
  })

  it('names every option and every provider with its variables', () => {
    expect(firstCells('Options').slice(0, Object.keys(optionsSchema().shape).length)).toEqual(
      Object.keys(optionsSchema().shape),
    )
    expect(firstCells('Known providers').sort()).toEqual(
      catalogue.map((entry) => entry.name).sort(),
    )
    for (const entry of catalogue) {
      for (const variable of entry.isLocal ? [] : [...entry.keyVariables, ...placeholdersOf(entry)])
        expect(documentation).toContain(`\`${variable}\``)
    }
    expect(firstCells('Clouds')).toEqual(clouds.map((cloud) => cloud.kind))
    for (const variable of clouds.flatMap((cloud) => cloud.variables.flatMap(({ names }) => names)))
      expect(documentation).toContain(`\`${variable}\``)
  })

  it('gives the defaults that apply', () => {
    for (const [option, value] of Object.entries(defaults)) {
      const row = documentation.split('\n').find((line) => line.startsWith(`| \`${option}\` |`))
      expect(row?.split(' | ')[2]).toBe(value === '' ? 'none' : `\`${value}\``)
    }
  })

  it('has an example that works', () => {
    const yaml = /```yaml\n([^]*?)```/.exec(documentation)?.[1] ?? ''
    const directory = mkdtempSync(join(tmpdir(), 'postern-docs-'))
    try {
      writeFileSync(join(directory, 'postern.yaml'), yaml)
      const keys = {
        MY_GPU_KEY: 'gpu-key',
        WEBSITE_KEY: 'w'.repeat(20),
        BATCH_KEY: 'b'.repeat(20),
        OPENAI_API_KEY: 'o',
        ANTHROPIC_API_KEY: 'a',
      }
      const deps = {
        clock: new FakeClock(),
        fetchToken: () => Promise.reject(new Error('No token is requested.')),
      }
      const settings = resolveSettings(
        {},
        { POSTERN_CONFIG: join(directory, 'postern.yaml'), ...keys },
        deps,
      )
      expect([...settings.routes.keys()]).toEqual(['support-tier', 'cheap'])
      expect(settings).toMatchObject({
        timeoutMs: 300_000,
        bodyLimitBytes: 10_485_760,
        log: 'info',
      })
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
