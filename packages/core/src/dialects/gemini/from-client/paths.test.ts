import { describe, expect, it } from 'vitest'
import { generatePaths, nativePaths, versionOf } from './paths.ts'

describe('the paths clients call', () => {
  it('are those of both versions of the API', () => {
    expect(generatePaths.map(({ path, params }) => [path, params])).toEqual([
      [
        '/v1beta/models/{model...}:generateContent',
        { version: 'v1beta', action: 'generateContent' },
      ],
      [
        '/v1beta/models/{model...}:streamGenerateContent',
        { version: 'v1beta', action: 'streamGenerateContent' },
      ],
      ['/v1/models/{model...}:generateContent', { version: 'v1', action: 'generateContent' }],
      [
        '/v1/models/{model...}:streamGenerateContent',
        { version: 'v1', action: 'streamGenerateContent' },
      ],
    ])
  })

  it('are each told apart by their end', () => {
    const paths = [...generatePaths, ...nativePaths].map(({ path }) => path)
    expect(new Set(paths).size).toBe(paths.length)
    expect(
      paths.every((path, at) =>
        path.endsWith(`:${[...generatePaths, ...nativePaths][at]?.params.action}`),
      ),
    ).toBe(true)
  })

  it('lead to a served version, whichever is requested', () => {
    expect([
      versionOf({ version: 'v1' }),
      versionOf({ version: 'v1beta' }),
      versionOf({ version: '../v1' }),
      versionOf({}),
    ]).toEqual(['v1', 'v1beta', 'v1beta', 'v1beta'])
  })
})
