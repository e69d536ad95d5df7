import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkDependencies, findInstalled, type InstalledPackage } from './dependencies.ts'
import type { Manifest } from './manifest.ts'

const installed =
  (packages: Record<string, Manifest & { gyp?: boolean }>) =>
  (name: string): InstalledPackage | undefined => {
    const manifest = packages[name]
    return manifest && { manifest, folder: name, hasNativeBuild: manifest.gyp ?? false }
  }
const whats = (
  dependencies: Record<string, string>,
  packages: Record<string, Manifest & { gyp?: boolean }>,
): string[] =>
  checkDependencies({
    manifestText: JSON.stringify({ dependencies }, null, 2),
    folder: '',
    find: installed(packages),
  }).map(({ line, what }) => `${line}: ${what}`)

describe('runtime dependencies of the core', () => {
  it('are those of the list', () => {
    expect(whats({ undici: '1', zod: '1' }, { undici: {}, zod: {} })).toEqual([])
    expect(whats({ undici: '1', 'left-pad': '1' }, { undici: {}, 'left-pad': {} })).toEqual([
      '4: `left-pad` is not on the list of runtime dependencies',
    ])
  })

  it('run nothing on install, however deep (H9)', () => {
    expect(whats({ zod: '1' }, { zod: { scripts: { test: 'x' } } })).toEqual([])
    expect(whats({ zod: '1' }, { zod: { scripts: { postinstall: 'x' } } })).toEqual([
      '3: `zod` runs a script on install',
    ])
    expect(
      whats({ zod: '1' }, { zod: { dependencies: { deep: '1' } }, deep: { gyp: true } }),
    ).toEqual(['3: `deep` runs a script on install'])
  })

  it('are there to be looked at, and may depend on each other in a circle', () => {
    expect(whats({ zod: '1' }, {})).toEqual(['3: `zod` is not installed'])
    expect(
      whats(
        { zod: '1' },
        { zod: { dependencies: { deep: '1' } }, deep: { dependencies: { zod: '1' } } },
      ),
    ).toEqual([])
  })

  it('are found where Node finds them', () => {
    const core = join(import.meta.dirname, '../../packages/core')
    expect(findInstalled('zod', core)?.manifest.name).toBe('zod')
    expect(findInstalled('a-package-nobody-installed', core)).toBeUndefined()
  })
})
