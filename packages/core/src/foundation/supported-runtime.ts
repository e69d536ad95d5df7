/*
 * Imported first by every entry. Where Postern cannot run the import says so in one line, before a
 * package that needs a newer runtime is evaluated and throws from deep inside. Syntax and globals
 * are those of old engines for this reason.
 */

const NEEDED = 'Node.js 22.19 or later (of line 23: 23.8 or later)'

interface Globals {
  readonly Bun?: { readonly version?: string }
  readonly Deno?: { readonly version?: { readonly deno?: string } }
  readonly navigator?: { readonly userAgent?: string }
  readonly process?: { readonly versions?: { readonly node?: string } }
}

/**
 * The runtime as its users call it with its version, and the way out; `undefined` where Postern
 * runs.
 */
function unsupported(
  globals: Globals,
): { readonly found: string; readonly fix: string } | undefined {
  const fix = 'Start this program with Node.js'
  if (globals.Bun !== undefined) return { found: named('Bun', globals.Bun.version), fix }
  if (globals.Deno !== undefined)
    return { found: named('Deno', globals.Deno.version && globals.Deno.version.deno), fix }
  const agent = globals.navigator && globals.navigator.userAgent
  if (typeof agent === 'string' && /^\w+-Workers$/.test(agent)) return { found: agent, fix }
  const node = globals.process && globals.process.versions && globals.process.versions.node
  if (typeof node !== 'string') return { found: 'a runtime other than Node.js', fix }
  return runsOn(node) ? undefined : { found: named('Node.js', node), fix: 'Update Node.js' }
}

function runsOn(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major === 22) return minor >= 19
  if (major === 23) return minor >= 8
  return major > 23
}

function named(name: string, version: unknown): string {
  return typeof version === 'string' ? `${name} ${version}` : name
}

const found = unsupported(globalThis as Globals)
if (found !== undefined)
  throw new Error(
    `Postern needs ${NEEDED}, and this is ${found.found}, which is not supported. ${found.fix}.`,
  )
