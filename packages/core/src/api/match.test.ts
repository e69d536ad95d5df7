import { describe, expect, it } from 'vitest'
import { createTable } from './match.ts'

const table = [
  { method: 'POST', path: '/v1beta/models/{model...}:generateContent' },
  { method: 'POST', path: '/v1beta/models/{model...}:streamGenerateContent' },
  { method: 'GET', path: '/v1beta/models' },
  { method: 'GET', path: '/v1beta/models/{model...}' },
  { method: 'GET', path: '/a.b/{one}/{two}' },
]
const matcher = createTable(table).match
const match = (method: string, path: string) => {
  const { endpoint, params } = matcher({ method, path, header: () => undefined })
  return [table.indexOf(endpoint), params]
}

describe('a path with named pieces', () => {
  it.each<[string, string, [number, Record<string, string>]]>([
    ['POST', '/v1beta/models/gemini-3-pro:generateContent', [0, { model: 'gemini-3-pro' }]],
    ['POST', '/v1beta/models/gemini-3-pro:streamGenerateContent', [1, { model: 'gemini-3-pro' }]],
    [
      'POST',
      '/v1beta/models/acme/meta/llama:70b:generateContent',
      [0, { model: 'acme/meta/llama:70b' }],
    ],
    ['POST', '/v1beta/models/acme%2Fllama:generateContent', [0, { model: 'acme/llama' }]],
    ['GET', '/v1beta/models', [2, {}]],
    ['GET', '/v1beta/models/a/b', [3, { model: 'a/b' }]],
    ['GET', '/a.b/x/y', [4, { one: 'x', two: 'y' }]],
  ])('%s %s', (method, path, expected) => {
    expect(match(method, path)).toEqual(expected)
  })

  it.each(['/v1beta/models/:generateContent', '/axb/x/y', '/a.b/x/y/z', '/a.b/%E0%A4/y'])(
    'is not %s',
    (path) => {
      expect(() => match('POST', path)).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/unknown_path|method_not_allowed/) as string,
        }),
      )
    },
  )

  it('pollutes no prototype', () => {
    const polluting = createTable([{ method: 'GET', path: '/{__proto__}' }]).match({
      method: 'GET',
      path: '/x',
      header: () => undefined,
    })
    expect(Object.getPrototypeOf(polluting.params)).toBe(Object.prototype)
  })

  it('is found in time that grows with its length only', () => {
    const started = performance.now()
    for (const path of [
      `/v1beta/models/${':generateConten'.repeat(50_000)}`,
      `/a.b/${'/'.repeat(100_000)}`,
    ])
      expect(() => match('POST', path)).toThrow()
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
