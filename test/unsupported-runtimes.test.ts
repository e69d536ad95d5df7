import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

const packages = fileURLToPath(new URL('../packages/', import.meta.url))

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  readonly bin?: Readonly<Record<string, string>>
}

const members = readdirSync(packages).map((folder) => ({
  folder,
  manifest: JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8')) as Manifest,
}))

/** Every module that a package of ours lets others import. */
const entries = members.flatMap(({ folder, manifest }) =>
  Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [{ name: join(manifest.name, path), file: join(packages, folder, target.default) }],
  ),
)
const commands = members.flatMap(({ folder, manifest }) =>
  Object.entries(manifest.bin ?? {}).map(([name, file]) => ({
    name,
    file: join(packages, folder, file),
  })),
)

const NEEDED = 'Postern needs Node.js 22.19 or later (of line 23: 23.8 or later), and this is '
const START_WITH_NODE = ', which is not supported. Start this program with Node.js.'
const withVersion = (value: string): string =>
  `Object.defineProperty(process.versions, 'node', { value: '${value}' });`

/**
 * A statement that makes Node look like another runtime, and what the import then says; `undefined`
 * where it works.
 */
const runtimes: [made: string, found: string | undefined][] = [
  ["globalThis.Bun = { version: '1.3.1' };", `Bun 1.3.1${START_WITH_NODE}`],
  ["globalThis.Deno = { version: { deno: '2.6.0' } };", `Deno 2.6.0${START_WITH_NODE}`],
  ['globalThis.Deno = {};', `Deno${START_WITH_NODE}`],
  [
    "Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Cloudflare-Workers' } });",
    `Cloudflare-Workers${START_WITH_NODE}`,
  ],
  ['globalThis.process = { versions: {} };', `a runtime other than Node.js${START_WITH_NODE}`],
  ...['4.0.0', '20.20.2', '22.18.0', '23.7.0'].map((old): [string, string] => [
    withVersion(old),
    `Node.js ${old}, which is not supported. Update Node.js.`,
  ]),
  ...['22.19.0', '23.8.0', '24.0.0', '26.1.0-nightly'].map((good): [string, undefined] => [
    withVersion(good),
    undefined,
  ]),
]

/**
 * Error of each entry when it is imported, by its name; the process must survive all of them.
 */
function importEach(node: string, before: string, these = entries): Record<string, string> {
  const script = `${before}
    const said = {}
    const one = async ({ name, file }) => { try { await import(file); said[name] = 'works' } catch (error) { said[name] = error.message } }
    ${JSON.stringify(these.map(({ name, file }) => ({ name, file: pathToFileURL(file).href })))}.reduce((after, entry) => after.then(() => one(entry)), Promise.resolve()).then(() => console.log(JSON.stringify(said)))`
  const { stdout, stderr } = spawnSync(node, ['-e', script], { encoding: 'utf8' })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Record<string, string>
}

/** The module of the check itself, which costs a process little. */
const checks = entries.filter(({ name }) => name === '@postern/core/supported-runtime')

const eachSays = (said: string, these = entries): Record<string, string> =>
  Object.fromEntries(these.map(({ name }) => [name, said]))

/**
 * A Node of the system that is too old, where there is one: the tests themselves run on another.
 */
const old = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, process.platform === 'win32' ? 'node.exe' : 'node'))
  .filter((file) => existsSync(file))
  .map((node) => ({
    node,
    version: spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1),
  }))
  .find(({ version }) => /^(?:18|20)\./.test(version))

describe('a runtime that is not supported', () => {
  it('is asked about by every entry of every package', () => {
    expect(entries.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        '@postern/core',
        '@postern/core/node',
        '@postern/core/web',
        '@postern/express',
        '@postern/hono',
        '@postern/koa',
        '@postern/redis',
        '@postern/client',
        'postern',
      ]),
    )
  })

  it.each(runtimes)('%s', (made, found) => {
    expect(importEach(process.execPath, made, checks)).toEqual(
      eachSays(found === undefined ? 'works' : NEEDED + found, checks),
    )
  })

  it('is reported by each of them, and a supported one is not', () => {
    const [[made, found] = ['', '']] = runtimes
    expect(importEach(process.execPath, made)).toEqual(eachSays(NEEDED + found))
    expect(importEach(process.execPath, '')).toEqual(eachSays('works'))
  })

  it.skipIf(old === undefined)(
    'is an old Node of the system, on which packages of others would throw first (skipped where there is none)',
    () => {
      expect(importEach(old!.node, '')).toEqual(
        eachSays(`${NEEDED}Node.js ${old!.version}, which is not supported. Update Node.js.`),
      )
    },
  )

  it.each(commands)('is one line of the command $name, which ends with 1', ({ file }) => {
    const preload = `data:text/javascript,${encodeURIComponent(withVersion('20.20.2'))}`
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--import', preload, file, '--version'],
      { encoding: 'utf8' },
    )
    expect({ stdout, stderr, status }).toEqual({
      stdout: '',
      stderr: `${NEEDED}Node.js 20.20.2, which is not supported. Update Node.js.\n`,
      status: 1,
    })
  })

  it('is found before names that old versions of its modules lack: those are read as members when they are needed', () => {
    const names = globSync(
      ['*/dist/*.js', '*/dist/conformance/*.js', '*/dist/dialects/*.js', 'core/dist/bundle/*.js'],
      { cwd: packages },
    )
      .flatMap((file) => [
        ...readFileSync(join(packages, file), 'utf8').matchAll(
          /^import (?:\w+, )?\{ (.*?) \} from ['"]node:([\w/]+)['"]/gm,
        ),
      ])
      .flatMap(([, list = '', module]) =>
        list.split(', ').map((item) => `${module} ${item.replace(/ as .*/, '')}`),
      )
    expect([...new Set(names)].filter((name) => !inNode18.has(name))).toEqual([])
    expect(names.length).toBeGreaterThan(10)
  })

  it('is found by the same lines in the client, which has no dependency', () => {
    const lines = (name: string): string => readFileSync(join(packages, name), 'utf8')
    expect(lines('client/src/supported-runtime.ts')).toBe(
      lines('core/src/foundation/supported-runtime.ts'),
    )
  })
})

/**
 * An import of a name that a module lacks fails before any line runs. Add a name here after Node 18
 * was seen to have it.
 */
const inNode18 = new Set(
  Object.entries({
    child_process: ['execFile', 'spawn'],
    zlib: ['inflateRawSync'],
    crypto: [
      'createHash',
      'createHmac',
      'createPrivateKey',
      'randomBytes',
      'randomUUID',
      'sign',
      'timingSafeEqual',
    ],
    events: ['once'],
    fs: ['readFileSync', 'readdirSync', 'watch'],
    http: ['Agent', 'createServer', 'request'],
    module: ['createRequire'],
    net: ['connect', 'createServer', 'isIP'],
    path: ['basename', 'dirname', 'extname', 'join', 'resolve'],
    perf_hooks: ['monitorEventLoopDelay'],
    stream: ['Readable'],
    'timers/promises': ['setImmediate'],
    util: ['parseArgs', 'promisify'],
  }).flatMap(([module, names]) => names.map((name) => `${module} ${name}`)),
)
