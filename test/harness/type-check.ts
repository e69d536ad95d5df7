import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Options of a new application: `strict`, and those that many teams add to it. */
const compilerOptions = {
  target: 'es2022',
  lib: ['es2023', 'dom', 'dom.iterable'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  moduleDetection: 'force',
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
}

/**
 * Compiles TypeScript as an application that has installed this workspace's packages would. Modules
 * of the test package resolve, built packages are used. @param files by name @returns lines of
 * errors `name(line,column): error TS...`; none where all compiles
 */
export async function typeErrors(
  files: Readonly<Record<string, string>>,
  more: object = {},
): Promise<string[]> {
  const adminStore = await mkdtemp(join(tmpdir(), 'postern-types-'))
  try {
    await symlink(join(root, 'test', 'node_modules'), join(adminStore, 'node_modules'))
    for (const [name, source] of Object.entries(files)) {
      await mkdir(join(adminStore, name, '..'), { recursive: true })
      await writeFile(join(adminStore, name), source)
    }
    await writeFile(join(adminStore, 'package.json'), '{ "type": "module" }')
    await writeFile(
      join(adminStore, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...compilerOptions,
          typeRoots: [join(root, 'node_modules', '@types')],
          ...more,
        },
        files: Object.keys(files),
      }),
    )
    const out = await new Promise<string>(
      (resolve) =>
        void execFile(
          process.execPath,
          [
            join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
            '-p',
            adminStore,
            '--pretty',
            'false',
          ],
          { cwd: adminStore },
          (_error, stdout, stderr) => resolve(stdout + stderr),
        ),
    )
    return out.split('\n').filter((line) => line.trim() !== '')
  } finally {
    await rm(adminStore, { recursive: true })
  }
}
