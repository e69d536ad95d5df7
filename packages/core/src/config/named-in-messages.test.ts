import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { tokenize } from '../../../../scripts/house/tokens.ts'
import { FLAGS, OPTIONS } from '../../../cli/src/usage.ts'
import { environmentFields } from './sources/env-fields.ts'
import { optionsSchema } from './schema/schema.ts'

const root = new URL('../../../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith(ending) && !/node_modules|\/dist\//.test(name))

/** Every name an option can have, at any depth: `timeout`, `surcharge`, `baseUrl`. */
function namesIn(schema: z.core.$ZodType, names = new Set<string>()): Set<string> {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'object') {
    for (const [name, field] of Object.entries(
      def.shape as Readonly<Record<string, z.core.$ZodType>>,
    ))
      namesIn(field, names.add(name))
  }
  if (def.type === 'optional' || def.type === 'default' || def.type === 'nullable')
    namesIn(def.innerType, names)
  if (def.type === 'pipe') namesIn(def.out, namesIn(def.in, names))
  if (def.type === 'record') namesIn(def.valueType, names)
  if (def.type === 'array') namesIn(def.element, names)
  if (def.type === 'union') for (const option of def.options) namesIn(option, names)
  return names
}

const options = namesIn(optionsSchema())
const variables = environmentFields().map(({ path, meta }) => ({
  path,
  env: meta.env as string,
  spelling: new RegExp(
    `^${(meta.env as string).replaceAll('<NAME>', '(?:<NAME>|[A-Z][A-Z0-9_]*)')}$`,
  ),
}))
/**
 * Variables of the command line; `docs/admin.md` explains them. Kubernetes sets the next for a
 * service of our name; the last one is of the tests.
 */
const OTHER_VARIABLES = new Set([
  'POSTERN_URL',
  'POSTERN_PORT',
  'POSTERN_SERVICE_HOST',
  'POSTERN_SERVICE_PORT',
  'POSTERN_TEST_REDIS_URL',
])
/** Words that follow "option" where none is named. */
const PROSE = new Set([
  'of',
  'is',
  'that',
  'and',
  'or',
  'in',
  'it',
  'there',
  'the',
  'may',
  'can',
  'to',
  'with',
  'with`',
  'a',
  'only',
  'has',
])

/** Names in a text that do not exist. */
function strangeIn(text: string): string[] {
  const found: string[] = []
  for (const [page, path = '', anchor] of text.matchAll(
    /\b((?:docs\/[\w/-]+|README|SECURITY|CONTRIBUTING)\.md)(#[\w-]+)?/g,
  )) {
    if (!existsSync(new URL(path, root))) found.push(page)
    else if (anchor !== undefined && !anchorsOf(read(path)).has(anchor.slice(1))) found.push(page)
  }
  for (const [named, option = ''] of text.matchAll(/\boptions? `?([a-z][A-Za-z]*)\b/g))
    if (!options.has(option) && !PROSE.has(option)) found.push(named)
  for (const [named, field = ''] of text.matchAll(/\bfield `?([a-z][A-Za-z]*)\b/g))
    if (/option [a-z]+, field/.test(text) && !options.has(field)) found.push(named)
  for (const [variable] of text.matchAll(/\bPOSTERN_[A-Z0-9_<>]*[A-Z0-9>]/g))
    if (
      !OTHER_VARIABLES.has(variable) &&
      !variables.some(
        ({ spelling, env }) => spelling.test(variable) || env.startsWith(`${variable}_`),
      )
    )
      found.push(variable)
  // An option and its variable, named together, belong together.
  for (const [pair, option = '', variable = ''] of text.matchAll(
    /\(option ([a-z]\w*), (POSTERN_\w+)\)/g,
  ))
    if (!variables.some(({ env, path }) => env === variable && path[0] === option)) found.push(pair)
  return found
}

function anchorsOf(page: string): Set<string> {
  return new Set(
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Texts of a source file, each with its line. */
const textsOf = (path: string): { line: number; text: string }[] =>
  tokenize(read(path))
    .filter(({ kind }) => kind === 'string')
    .map(({ line, text }) => ({ line, text }))
const sources = readdirSync(new URL('packages/', root))
  .flatMap((name) => filesBelow(`packages/${name}/src/`, '.ts'))
  .filter((path) => !path.endsWith('.test.ts'))
const pages = [...filesBelow('docs/', '.md'), 'README.md', 'SECURITY.md', 'CONTRIBUTING.md']

describe('what messages and docs name', () => {
  it.each([
    ['See docs/nowhere.md.', ['docs/nowhere.md']],
    ['See docs/reliability.md#no-such-heading.', ['docs/reliability.md#no-such-heading']],
    ['See docs/reliability.md#the-gateway-itself-is-not-there.', []],
    [
      '(option bodyLimt, POSTERN_BODY_LIMIT)',
      ['option bodyLimt', '(option bodyLimt, POSTERN_BODY_LIMIT)'],
    ],
    ['(option bodyLimit, POSTERN_TIMEOUT)', ['(option bodyLimit, POSTERN_TIMEOUT)']],
    [
      'Set POSTERN_BODYLIMIT or POSTERN_ROUTE_SUPPORT, POSTERN_PROVIDER_GPU_API_KEY.',
      ['POSTERN_BODYLIMIT'],
    ],
    ['(option prices, field surcharges)', ['field surcharges']],
  ])('is checked: %s', (text, strange) => {
    expect(strangeIn(text)).toEqual(strange)
  })

  it('in every message of the packages exists: pages, headings, options, variables', () => {
    expect(sources.length).toBeGreaterThan(300)
    expect(
      sources.flatMap((path) =>
        textsOf(path).flatMap(({ line, text }) =>
          strangeIn(text).map((strange) => `${path}:${line}: ${strange}`),
        ),
      ),
    ).toEqual([])
  })

  it('on the command line exists: every --option of a message', () => {
    const known = new Set([...Object.keys(OPTIONS), ...Object.keys(FLAGS), 'help', 'version'])
    const named = sources
      .filter((path) => path.startsWith('packages/cli/'))
      .flatMap((path) =>
        textsOf(path).flatMap(({ line, text }) =>
          [...text.matchAll(/--([a-z][\w-]*)/g)].map(([, option = '']) => ({
            at: `${path}:${line}: --${option}`,
            option,
          })),
        ),
      )
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter(({ option }) => !known.has(option)).map(({ at }) => at)).toEqual([])
  })

  it.each(pages)(
    'in %s exists: variables, pages, links, and the tests that show a promise',
    (path) => {
      const text = read(path)
      const strange = strangeIn(text.replaceAll(/\boptions? /g, ''))
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^\w+:/.test(target)) continue
        const [file = '', anchor] = target.split('#')
        const url = file === '' ? new URL(path, root) : new URL(file, new URL(path, root))
        if (!existsSync(url)) strange.push(target)
        else if (anchor !== undefined && !anchorsOf(readFileSync(url, 'utf8')).has(anchor))
          strange.push(target)
      }
      for (const [test] of text.matchAll(
        /\b(?:test|packages|scripts|bench|examples)\/[\w./-]+\.ts\b/g,
      ))
        if (!existsSync(new URL(test, root))) strange.push(test)
      expect(strange).toEqual([])
    },
  )
})
