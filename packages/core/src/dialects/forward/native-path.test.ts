import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../errors.ts'
import { nativePath } from './native-path.ts'

function outcome(path: string): string {
  try {
    return nativePath(path)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'unknown_path') return 'refused'
    throw error
  }
}

describe('a path below the base URL', () => {
  it.each([
    'v1/messages',
    'chat/completions',
    'v1/files/',
    'v1beta/models/gemini-3-pro:streamGenerateContent',
    'publishers/anthropic/models/claude-3-5-sonnet@20240620:rawPredict',
    'model/eu.anthropic.claude-v1%3A0/converse',
    'v1/caf%C3%A9/a.b/.well-known/x~y',
    '..x/x../.x',
  ])('%s passes as it is', (path) => {
    expect(outcome(path)).toBe(`/${path}`)
  })

  // S-02, S-07 of the plan for security tests.
  it.each([
    '..',
    '.',
    '../x',
    'x/..',
    'x/../y',
    'x/./y',
    '..;/x',
    '..;a=b/x',
    '.;/x',
    '...',
    'x/.../y',
    '%2e%2e/x',
    '%2E%2E/x',
    '.%2e/x',
    '%2e',
    'x/%2e%2e%2fy',
    '..%2f..',
    '..%5c..',
    'x%2fy',
    'x%2Fy',
    'x%5Cy',
    '%252e%252e/x',
    'x%252fy',
    '%25',
    '%c0%ae%c0%ae/x%00',
    'x%00',
    'x%0d%0aHost:%20evil',
    'x%0a',
    'x%1f',
    'x%7f',
    '',
    '/',
    '//',
    '//evil.example/x',
    '/evil.example',
    'x//y',
    'x//',
    'https://evil.example/x',
    'http:/\\evil',
    '\\\\evil\\x',
    'x\\..\\y',
    '\\',
    'x y',
    'x\ty',
    'x\ny',
    'x\r\nHost: evil',
    'x\0',
    '\u007f',
    'caf\u00e9',
    '\u2025/x',
    '\uff0e\uff0e/x',
    '\u{1f600}',
    'x?y',
    'x#y',
    '#',
    '?',
    '%',
    '%2',
    '%zz',
    'x%',
    '<x>',
    'x|y',
    '{x}',
    '"',
    '`',
    '^',
    '[x]',
  ])('%j is refused', (path) => {
    expect(outcome(path)).toBe('refused')
  })

  it('stays below the base URL for any input', () => {
    const piece = fc.constantFrom(
      '.',
      '..',
      '/',
      '//',
      '\\',
      '%2e',
      '%2f',
      '%5c',
      '%25',
      '%00',
      '@',
      ':',
      ';',
      '?',
      '#',
      'http:',
      'evil.example',
      'v1',
      'a',
      '%41',
      '\t',
      '\n',
      ' ',
      '\u00e9',
    )
    const path = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.string({ maxLength: 40 }),
      fc.webPath().map((text) => text.slice(1)),
    )
    const base = fc.constantFrom('', '/v1', '/api/openai/v1')
    fc.assert(
      fc.property(path, base, (text, basePath) => {
        const result = outcome(text)
        if (result === 'refused') return
        const whole = basePath + result
        const once = new URL(`https://provider.test${whole}`)
        expect([once.host, once.username, once.pathname, once.search, once.hash]).toEqual([
          'provider.test',
          '',
          whole,
          '',
          '',
        ])
        // A server that decodes, and one behind it that decodes again, find the same place.
        let decoded = whole
        for (let times = 0; times < 3; times++) {
          decoded = decodeLoosely(decoded)
          const seen = new URL(`https://provider.test${decoded}`)
          expect(seen.host).toBe('provider.test')
          expect(seen.pathname.startsWith(`${basePath}/`)).toBe(true)
        }
      }),
      { numRuns: 5000 },
    )
  })
})

const decodeLoosely = (text: string): string =>
  text.replace(/%[0-9a-f]{2}/gi, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  )
