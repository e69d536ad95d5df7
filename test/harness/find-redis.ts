/**
 * Finds a Redis for the tests, once before all of them: one that is installed, one unpacked from
 * Debian's packages into a cache of ours (nothing is installed, nothing needs root), and says what
 * to do where there is neither. Most tests pause, kill and empty theirs, so each has its own; what
 * every Redis must do is also tried on that of `POSTERN_TEST_REDIS_URL`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Packages of redis-server on Debian, without those of every system. */
const PACKAGES = [
  'redis-server',
  'redis-tools',
  'libjemalloc2',
  'liblzf1',
  'liblua5.1-0',
  'lua-cjson',
  'lua-bitop',
  'libatomic1',
  'libhiredis0.14',
]
const HELP =
  'The tests need a Redis server, 6.2 or later. Install one (`apt-get install redis-server`, `brew install redis`), or name its ' +
  'binary as TEST_REDIS_SERVER: they start their own, because they pause, kill and empty it. On Debian and Ubuntu, package lists must be there: run `apt-get update`.'

export default function findRedis(): void {
  // One that is there already is taken beside it, by tests that break nothing. For a gateway the
  // variable would be a misspelt one.
  const { POSTERN_TEST_REDIS_URL: url } = process.env
  delete process.env['POSTERN_TEST_REDIS_URL']
  if (url !== undefined && url !== '') process.env['TEST_REDIS_URL'] = url
  process.env['TEST_REDIS_SERVER'] ??= onPath() ?? unpacked()
}

function onPath(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, 'redis-server'))
    .find((file) => existsSync(file))
}

function unpacked(): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'postern-tests')
  const root = join(cache, 'redis')
  const server = join(root, 'usr/bin/redis-server')
  if (existsSync(server)) return server
  const work = join(cache, `unpacking-${process.pid}`)
  try {
    mkdirSync(work, { recursive: true })
    // As many as there are: names of libraries differ between releases, and only the server itself
    // is looked for.
    for (const name of PACKAGES) download(name, work)
    for (const file of readdirSync(work).filter((entry) => entry.endsWith('.deb')))
      execFileSync('dpkg-deb', ['-x', file, 'root'], { cwd: work, stdio: 'pipe' })
    if (!existsSync(join(work, 'root/usr/bin/redis-server')))
      throw new Error('No package held redis-server.')
    if (!existsSync(root)) renameSync(join(work, 'root'), root)
    return server
  } catch (cause) {
    throw new Error(HELP, { cause })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function download(name: string, folder: string): void {
  try {
    execFileSync('apt-get', ['download', '-q', name], { cwd: folder, stdio: 'pipe' })
  } catch (cause) {
    if (name.startsWith('redis-')) throw cause
  }
}
