import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { checkTarball, readTarball } from './tarball.ts'

function entry(path: string, content: string, type = '0'): Buffer {
  const header = Buffer.alloc(512)
  header.write(path)
  header.write(Buffer.byteLength(content).toString(8).padStart(11, '0'), 124)
  header.write(type, 156)
  const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512)
  body.write(content)
  return Buffer.concat([header, body])
}

function tarball(files: Record<string, string>): Buffer {
  const entries = Object.entries(files).map(([path, content]) => entry(`package/${path}`, content))
  return gzipSync(Buffer.concat([entry('package/', '', '5'), ...entries, Buffer.alloc(1024)]))
}

const manifest = (fields: object = {}): string =>
  JSON.stringify({
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    ...fields,
  })
const built = { 'dist/index.js': 'x', 'dist/index.d.ts': 'y' }

describe('readTarball', () => {
  it('reads files of any size and leaves folders out', () => {
    const long = 'é'.repeat(700)
    expect(
      readTarball(tarball({ a: '', b: long, 'c/d': 'z' })).map(({ path, content }) => [
        path,
        content.toString(),
      ]),
    ).toEqual([
      ['a', ''],
      ['b', long],
      ['c/d', 'z'],
    ])
  })
})

describe('checkTarball', () => {
  it('passes a built package', () => {
    expect(
      checkTarball(
        'core',
        tarball({ 'package.json': manifest({ dependencies: { zod: '^4.0.0' } }), ...built }),
      ),
    ).toEqual([])
  })

  it.each(['dist/a.test.js', 'dist/a.test.d.ts', 'dist/.tsbuildinfo', '.env', '.npmrc'])(
    'fails with %s inside',
    (path) => {
      expect(
        checkTarball('core', tarball({ 'package.json': manifest(), ...built, [path]: '' })),
      ).toEqual([expect.stringContaining(path)])
    },
  )

  it.each(['workspace:^', 'catalog:', 'link:../core'])('fails with the version %s', (version) => {
    expect(
      checkTarball(
        'core',
        tarball({ 'package.json': manifest({ peerDependencies: { zod: version } }), ...built }),
      ),
    ).toEqual([expect.stringContaining('zod is still')])
  })

  it('fails without a file that `exports` names, and without a manifest', () => {
    expect(
      checkTarball('core', tarball({ 'package.json': manifest(), 'dist/index.js': '' })),
    ).toEqual([expect.stringContaining('dist/index.d.ts')])
    expect(checkTarball('core', tarball(built))).toEqual(['core: the tarball has no package.json'])
  })
})
