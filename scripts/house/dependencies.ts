import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Manifest } from './manifest.ts'
import type { Rule, Violation } from './violation.ts'

/** Section 1 of the architecture. */
const allowed = new Set([
  'undici',
  'zod',
  'keyv',
  'rate-limiter-flexible',
  'eventsource-parser',
  'lru-cache',
  '@pydantic/genai-prices',
  're2js',
])
const installScripts = ['preinstall', 'install', 'postinstall']
const MANIFEST = 'packages/core/package.json'

const unlisted: Rule = {
  why: 'every runtime dependency is code a user must trust inside the own server',
  mend: 'do without it, or agree on it first and add it to `docs/architecture.md` and to this list',
}
const installing: Rule = {
  why: 'an install script runs on the machine of everybody who installs the gateway',
  mend: 'use another package',
}
const missing: Rule = {
  why: 'an install script cannot be ruled out in a package that is not there',
  mend: 'run `npx -y pnpm@12 install`',
}

/** An installed package: its manifest, and the folder it was found in. */
export interface InstalledPackage {
  readonly manifest: Manifest
  readonly folder: string
  /** npm builds such a package on install even without a script. */
  readonly hasNativeBuild: boolean
}

export interface DependencyQuestion {
  /** The text of the core's `package.json`. */
  readonly manifestText: string
  /** The folder of the core, where resolution begins. */
  readonly folder: string
  /** Finds a package from a folder, as Node does. */
  readonly find: (name: string, from: string) => InstalledPackage | undefined
}

/** The core depends on what is listed, and nothing below it runs a script on install. */
export function checkDependencies({ manifestText, folder, find }: DependencyQuestion): Violation[] {
  const direct = runtimeDependencies(JSON.parse(manifestText) as Manifest)
  const violations: Violation[] = []
  const report = (name: string, what: string, rule: Rule): void => {
    const line = manifestText
      .slice(0, Math.max(0, manifestText.indexOf(`"${name}"`)))
      .split('\n').length
    violations.push({ path: MANIFEST, line, what, ...rule })
  }
  for (const name of direct) {
    if (!allowed.has(name))
      report(name, `\`${name}\` is not on the list of runtime dependencies`, unlisted)
    for (const below of closure(name, folder, find)) {
      if (below.installed === undefined) report(name, `\`${below.name}\` is not installed`, missing)
      else if (runsOnInstall(below.installed))
        report(name, `\`${below.name}\` runs a script on install`, installing)
    }
  }
  return violations
}

function runtimeDependencies({ dependencies, optionalDependencies }: Manifest): string[] {
  return Object.keys({ ...dependencies, ...optionalDependencies })
}

interface Found {
  readonly name: string
  readonly installed: InstalledPackage | undefined
}

function closure(name: string, folder: string, find: DependencyQuestion['find']): Found[] {
  const found = new Map<string, Found>()
  const visit = (wanted: string, from: string): void => {
    const installed = find(wanted, from)
    const key = installed?.folder ?? wanted
    if (found.has(key)) return
    found.set(key, { name: wanted, installed })
    if (installed === undefined) return
    for (const next of Object.keys(installed.manifest.dependencies ?? {}))
      visit(next, installed.folder)
  }
  visit(name, folder)
  return [...found.values()]
}

function runsOnInstall({ manifest, hasNativeBuild }: InstalledPackage): boolean {
  return hasNativeBuild || installScripts.some((script) => manifest.scripts?.[script] !== undefined)
}

/** `find` on the real disk: up through `node_modules` folders, from the real path of `from`. */
export function findInstalled(name: string, from: string): InstalledPackage | undefined {
  for (let at = realpathSync(from); ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) {
      return {
        manifest: JSON.parse(readFileSync(manifest, 'utf8')) as Manifest,
        folder: realpathSync(folder),
        hasNativeBuild: existsSync(join(folder, 'binding.gyp')),
      }
    }
    if (at === dirname(at)) return undefined
  }
}
