import { isBuiltin } from 'node:module'
import { findImports } from './imports.ts'
import type { Manifest } from './manifest.ts'
import type { SourceFile } from './source-file.ts'
import type { Rule, Violation } from './violation.ts'

/** The packages that are nothing but a mount. */
export const adapterNames = ['express', 'koa', 'hono'] as const

const MOST_LINES = 80
const CORE = '@postern/core'

const thin: Rule = {
  why: 'what an adapter does itself is a difference between frameworks',
  mend: 'move it into the core, where all adapters share it',
}
const publicOnly: Rule = {
  why: 'an adapter shows that everybody can write one from the public entries',
  mend: "use an entry of the core's `exports`, the framework, or a builtin of Node",
}

/** The manifests of an adapter and of the core, and the sources of the adapter. */
export interface Adapter {
  readonly name: string
  readonly files: readonly SourceFile[]
  readonly manifest: Manifest
  readonly core: Manifest
}

/** An adapter is at most 80 lines over all its files, and stands on public entries only. */
export function checkAdapter({ name, files, manifest, core }: Adapter): Violation[] {
  const own = files.filter((file) => !file.isTest)
  const lines = own.reduce((sum, file) => sum + file.lineCount, 0)
  const entries = new Set(Object.keys(core.exports ?? {}).map((entry) => CORE + entry.slice(1)))
  const frameworks = Object.keys(manifest.peerDependencies ?? {})
  const isPublic = (specifier: string): boolean =>
    entries.has(specifier) ||
    isBuiltin(specifier) ||
    frameworks.some((framework) => specifier === framework || specifier.startsWith(`${framework}/`))
  const violations: Violation[] = own.flatMap((file) =>
    findImports(file)
      .filter(({ specifier, target }) => target === undefined && !isPublic(specifier))
      .map(({ line, specifier }) => ({
        path: file.path,
        line,
        what: `\`${specifier}\` is no public entry`,
        ...publicOnly,
      })),
  )
  if (lines > MOST_LINES) {
    violations.push({
      path: own[0]?.path ?? `packages/${name}`,
      line: MOST_LINES + 1,
      what: `the adapter has ${lines} lines, the limit is ${MOST_LINES}`,
      ...thin,
    })
  }
  return violations
}
