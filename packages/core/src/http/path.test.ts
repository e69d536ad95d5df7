import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { belowMount, belowPrefix, isPlainName, isPlainPath, targetOf } from './path.ts'

const piece = fc.constantFrom(
  '.',
  '..',
  '/',
  '//',
  '\\',
  ';',
  ':',
  '%2e',
  '%2E',
  '%2f',
  '%5c',
  '%25',
  '%00',
  '%61',
  '%',
  '%c3%a9',
  '@',
  '?',
  '#',
  'v1',
  'admin',
  'a',
  '\t',
  ' ',
  '\u00e9',
)
const text = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''))

/**
 * The path as a server sees it that decodes, resolves and takes backslashes for slashes; `''` where
 * it refuses.
 */
function asResolved(path: string): string {
  try {
    return decodeURIComponent(new URL(`http://server${path}`).pathname)
  } catch {
    return ''
  }
}

describe('a plain path', () => {
  it.each([
    '/',
    '/v1/models',
    '/v1/files/file-1/content',
    '/v1/models/openai%2Fgpt-5',
    '/v1beta/models/a.b~c:generateContent',
    '/providers/x/.well-known/y',
    '/v1/files/a%20b',
    '/admin/disabled/demo%2Fgpt%3A5',
    '/v1/caf%C3%A9',
    '/x/',
    '/..x/x..',
  ])('is %s', (path) => {
    expect(isPlainPath(path)).toBe(true)
  })

  it.each([
    '',
    '*',
    'v1',
    'http://host/v1',
    '//v1',
    '/v1//x',
    '/x//',
    '/\\v1',
    '/v1\\x',
    '/.',
    '/..',
    '/./v1',
    '/v1/../x',
    '/v1/..',
    '/...',
    '/..;/x',
    '/.;a=b/x',
    '/..:go',
    '/%2e',
    '/%2E%2e/x',
    '/x/.%2e',
    '/x%2f..%2fy',
    '/x%2f%2fy',
    '/%2fx',
    '/%5cx',
    '/%61dmin',
    '/%7e',
    '/%25',
    '/%252e',
    '/x%00',
    '/x%0d%0a',
    '/x%7f',
    '/x\0',
    '/x\ty',
    '/x y',
    '/%',
    '/%2',
    '/%zz',
  ])('is not %j', (path) => {
    expect(isPlainPath(path)).toBe(false)
  })

  it('is read alike by a server that matches it raw and by one that decodes and resolves it', () => {
    fc.assert(
      fc.property(text, (rest) => {
        const path = splitQuery(`/${rest}`)
        const resolved = asResolved(path)
        if (!isPlainPath(path) || resolved === '') return
        expect(asResolved(path)).toBe(decodeURIComponent(encodeNonAscii(path)))
        // Decoded twice it leads nowhere else than decoded once.
        expect(asResolved(path)).not.toMatch(/%|\\|\/\/|(^|\/)\.+(\/|$)/)
      }),
      { numRuns: 3000 },
    )
  })
})

const splitQuery = (path: string): string => path.split(/[?#]/, 1)[0] ?? ''
const encodeNonAscii = (path: string): string => path.replace(/[^\0-\x7f]/g, encodeURIComponent)

describe('a plain name', () => {
  it.each([
    'gpt-5.1',
    'meta/llama-3',
    'anthropic.claude-v1:0',
    'ft:gpt-4o:org::abc',
    'projects/a/locations/b',
    'a b',
    '..x',
    'x..',
    'x%y',
    'accounts/fireworks/models/x',
    'model@001',
    '模型',
    '',
  ])('is %j', (name) => {
    expect(isPlainName(name)).toBe(true)
  })

  it('stays below what it is appended to, whatever it is made of', () => {
    fc.assert(
      fc.property(text, (name) => {
        const resolved = asResolved(`/models/${name}`)
        if (isPlainName(name) && resolved !== '') expect(resolved.startsWith('/models')).toBe(true)
      }),
    )
  })

  it.each([
    '.',
    '..',
    '...',
    'x/..',
    '../x',
    'x/./y',
    'x//y',
    '/x',
    '\\',
    '..\\x',
    'x\\y',
    '..:generateContent',
    '..;x',
    '%2e%2e',
    '%2E.',
    'x%2f..',
    'x%5c..',
    '%252e%252e',
    '%25252e%2e/x',
    'x\n',
    'x\0',
  ])('is not %j', (name) => {
    expect(isPlainName(name)).toBe(false)
  })
})

describe('the target of an address', () => {
  it.each([
    ['http://host/v1?x=1', '/v1?x=1'],
    ['http://host', '/'],
    ['http://host?x', '/?x'],
    ['https://user@host:1//v1/../x#y', '//v1/../x'],
    ['http://host\\v1', '\\v1'],
    ['/v1', '/v1'],
    ['//host/v1', '//host/v1'],
    ['/redirect?to=http://host/x', '/redirect?to=http://host/x'],
    ['nonsense', 'nonsense'],
  ])('of %s is %s', (url, target) => {
    expect(targetOf(url)).toBe(target)
  })

  it('never throws, and changes nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), text),
        (rest) => void expect(targetOf(`http://host/${rest}`)).toBe(`/${rest.split('#', 1)[0]}`),
      ),
    )
  })
})

describe('below a mount', () => {
  it.each([
    ['/llm/v1?x', '/llm', '/v1?x'],
    ['/llm', '/llm', '/'],
    ['/llm?x=/y', '/llm', '/?x=/y'],
    ['/llm/', '/llm', '/'],
    ['/llm//x', '/llm', '//x'],
    ['/a/b/c', '/a/b', '/c'],
    ['/t/a%2Fb/c', '/t/a%2Fb', '/c'],
    ['/%6clm/v1', '/llm', '/v1'],
    ['/v1', '', '/v1'],
  ])('%s below %s is %s', (target, mountPath, below) => {
    expect(belowMount(target, mountPath)).toBe(below)
  })

  it.each([
    ['/llm/v1', '/llm', '/v1'],
    ['/llm?x', '/llm', '/?x'],
    ['/llm', '/llm', '/'],
    ['/llmx/v1', '/llm', undefined],
    ['/llm%2fv1', '/llm', undefined],
    ['/LLM/v1', '/llm', undefined],
    ['//llm/v1', '/llm', undefined],
    ['/v1', '', '/v1'],
  ])('%s below the prefix %s is %s', (target, prefix, below) => {
    expect(belowPrefix(target, prefix)).toBe(below)
  })
})
