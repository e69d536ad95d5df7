/*
 * Looks at the packages as users will get them: packs each, then asks publint, attw and ourselves
 * about the tarball, and knip about the workspace. Needs a build (`tsc -b`).
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkTarball } from './packages/tarball.ts'

const root = join(import.meta.dirname, '..')
const STEP_TIMEOUT_MS = 120_000

const problems = [...packageNames().flatMap(checkPackage), ...run('knip', [])]
for (const problem of problems) console.error(problem)
console.log(
  problems.length === 0
    ? 'packages: no problems'
    : `packages: ${problems.length} problem${problems.length === 1 ? '' : 's'}`,
)
process.exitCode = problems.length === 0 ? 0 : 1

function packageNames(): string[] {
  const names = readdirSync(join(root, 'packages')).filter((name) =>
    existsSync(join(root, 'packages', name, 'package.json')),
  )
  if (names.length === 0)
    throw new Error('No package was found: the check would pass by looking at nothing.')
  return names
}

function checkPackage(name: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'postern-pack-'))
  try {
    const tarball = pack(name, folder)
    return [
      ...checkTarball(name, readFileSync(tarball)),
      ...run('publint', ['run', '--strict', tarball]),
      ...run('attw', ['--profile', 'esm-only', '--no-emoji', tarball]),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Packs with pnpm, which replaces `workspace:` and `catalog:` by versions. */
function pack(name: string, folder: string): string {
  execFileSync('npx', ['-y', 'pnpm@12', 'pack', '--pack-destination', folder], {
    cwd: join(root, 'packages', name),
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: STEP_TIMEOUT_MS,
  })
  const file = readdirSync(folder).find((entry) => entry.endsWith('.tgz'))
  if (file === undefined) throw new Error(`Packing ${name} left no tarball.`)
  return join(folder, file)
}

/** Runs a tool of the workspace; what it says is shown only when it finds something. */
function run(tool: string, args: readonly string[]): string[] {
  const { status, stdout, stderr, error } = spawnSync(join(root, 'node_modules/.bin', tool), args, {
    cwd: root,
    encoding: 'utf8',
    timeout: STEP_TIMEOUT_MS,
  })
  if (error !== undefined) return [`${tool}: ${error.message}`]
  return status === 0 ? [] : [`${tool}:\n${stdout}${stderr}`.trimEnd()]
}
