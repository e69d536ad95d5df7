import { gunzipSync } from 'node:zlib'

/** A file inside a tarball. */
export interface PackedFile {
  /** Below the tarball's `package/`. */
  readonly path: string
  readonly content: Buffer
}

const BLOCK = 512

/** The regular files of a `.tgz` as package managers write them. */
export function readTarball(archive: Buffer): PackedFile[] {
  const tar = gunzipSync(archive)
  const files: PackedFile[] = []
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const field = (from: number, length: number): string =>
      tar.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '')
    const size = Number.parseInt(field(124, 12), 8)
    const prefix = field(345, 155)
    const path = (prefix === '' ? '' : `${prefix}/`) + field(0, 100)
    const isFile = ['', '0'].includes(field(156, 1))
    if (isFile)
      files.push({
        path: path.replace(/^package\//, ''),
        content: tar.subarray(at + BLOCK, at + BLOCK + size),
      })
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

const leftovers: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /\.(?:test|spec)\.[^/]+$/, what: 'a test' },
  { pattern: /\.tsbuildinfo$/, what: 'a build record' },
  { pattern: /(?:^|\/)\.(?:env|npmrc)[^/]*$/, what: 'a settings file' },
]

/**
 * Finds content that must not reach users: tests, build records, and versions only this workspace understands.
 * Needs built entries.
 */
export function checkTarball(name: string, archive: Buffer): string[] {
  const files = readTarball(archive)
  const problems = files.flatMap(({ path }) =>
    leftovers
      .filter(({ pattern }) => pattern.test(path))
      .map(({ what }) => `${name}: the tarball has ${what}, ${path}`),
  )
  const manifest = files.find(({ path }) => path === 'package.json')?.content.toString('utf8')
  if (manifest === undefined) return [...problems, `${name}: the tarball has no package.json`]
  for (const { protocol, dependency } of unresolvedVersions(manifest))
    problems.push(`${name}: ${dependency} is still ${protocol} in the packed package.json`)
  const paths = new Set(files.map(({ path }) => path))
  for (const entry of entryFiles(manifest)) {
    if (!paths.has(entry))
      problems.push(`${name}: the entry ${entry} is not in the tarball; build before packing`)
  }
  return problems
}

function unresolvedVersions(manifest: string): { protocol: string; dependency: string }[] {
  const fields = JSON.parse(manifest) as Record<string, Record<string, string> | undefined>
  const versions = [
    'dependencies',
    'devDependencies',
    'optionalDependencies',
    'peerDependencies',
  ].flatMap((kind) => Object.entries(fields[kind] ?? {}))
  return versions.flatMap(([dependency, version]) => {
    const protocol = /^(?:workspace|catalog|link|file):/.exec(version)?.[0]
    return protocol === undefined ? [] : [{ protocol, dependency }]
  })
}

/** Every file an entry of `exports` names. */
function entryFiles(manifest: string): string[] {
  const walk = (value: unknown): string[] => {
    if (typeof value === 'string') return [value.replace(/^\.\//, '')]
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(walk) : []
  }
  return walk((JSON.parse(manifest) as { exports?: unknown }).exports)
}
