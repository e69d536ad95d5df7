import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/**
 * Pinned: with newer versions of its web framework Portkey's streams fail, and a comparison with
 * something broken would say nothing.
 */
export const portkeyVersions = {
  '@portkey-ai/gateway': '1.15.2',
  hono: '4.9.7',
  '@hono/node-server': '1.13.5',
} as const

const folder = fileURLToPath(new URL('../.work/portkey/', import.meta.url))
const installDeadlineMs = 120_000

/**
 * Installs Portkey's gateway apart from the workspace, once, and gives the path of its server. No
 * install script runs.
 *
 * @throws when it cannot be installed, with the reason
 */
export async function installPortkey(): Promise<string> {
  const entry = `${folder}node_modules/@portkey-ai/gateway/build/start-server.js`
  if (await isInstalled()) return entry
  const { '@portkey-ai/gateway': version, ...overrides } = portkeyVersions
  await mkdir(folder, { recursive: true })
  const manifest = { private: true, dependencies: { '@portkey-ai/gateway': version }, overrides }
  await writeFile(`${folder}package.json`, `${JSON.stringify(manifest, null, 2)}\n`)
  await runNpmInstall()
  if (await isInstalled()) return entry
  throw new Error('npm installed other versions than the pinned ones')
}

async function runNpmInstall(): Promise<void> {
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
  // npm is a command file on Windows, which only a shell can start.
  const options = { cwd: folder, timeout: installDeadlineMs, shell: process.platform === 'win32' }
  await promisify(execFile)('npm', args, options).catch((error: Error & { stderr?: string }) => {
    const reason =
      error.stderr?.split('\n').find((line) => line.startsWith('npm error')) ?? error.message
    throw new Error(`npm could not install it: ${reason}`)
  })
}

async function isInstalled(): Promise<boolean> {
  const found = await Promise.all(Object.keys(portkeyVersions).map(installedVersion))
  return Object.values(portkeyVersions).every((version, index) => version === found[index])
}

/** Undefined when the package is not there: the usual case on the first run. */
async function installedVersion(name: string): Promise<string | undefined> {
  const text = await readFile(`${folder}node_modules/${name}/package.json`, 'utf8').catch(
    () => undefined,
  )
  return text === undefined ? undefined : (JSON.parse(text) as { version: string }).version
}
