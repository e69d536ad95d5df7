/*
 * The house rules of CONTRIBUTING.md that a linter of single files cannot know: sizes, borders
 * between rooms, names of providers, dependencies, traces of the machine. Prints
 * `file:line: what; why; how to mend` for each violation.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { adapterNames, checkAdapter } from './house/adapters.ts'
import { checkBorders } from './house/borders.ts'
import { checkCycles } from './house/cycles.ts'
import { checkDependencies, findInstalled } from './house/dependencies.ts'
import { checkLanguage } from './house/language.ts'
import { checkMachineTraces } from './house/machine-traces.ts'
import type { Manifest } from './house/manifest.ts'
import { checkPlainEnglish } from './house/plain-english.ts'
import { checkProviderNames, providerNames } from './house/provider-names.ts'
import { checkRegexes } from './house/regexes.ts'
import { checkSizes } from './house/sizes.ts'
import { readSource, type SourceFile } from './house/source-file.ts'
import { checkSpreads } from './house/spreads.ts'
import { formatViolation, type Violation } from './house/violation.ts'

const root = join(import.meta.dirname, '..')
const packageSource = /^packages\/[^/]+\/src\/.+\.ts$/
const CATALOGUE = 'packages/core/src/providers/catalogue/'
/** The rule itself quotes the words it refuses. */
const QUOTES_WORDS = /^(?:scripts\/house\/plain-english|docs\/contributing\/naming)/
const LARGEST_TEXT_BYTES = 4_000_000

const violations = checkRepository()
for (const violation of violations) console.error(formatViolation(violation))
console.log(
  violations.length === 0
    ? 'house: no violations'
    : `house: ${violations.length} violation${violations.length === 1 ? '' : 's'}`,
)
process.exitCode = violations.length === 0 ? 0 : 1

function checkRepository(): Violation[] {
  const texts = readTexts()
  const files = [...texts]
    .filter(([path]) => packageSource.test(path))
    .map(([path, text]) => readSource(path, text))
  if (files.length === 0)
    throw new Error(
      'No source was found under packages/*/src: the check would pass by looking at nothing.',
    )
  const names = namesIn(files)
  return [
    ...checkSizes(files),
    ...checkCycles(files),
    ...files.flatMap((file) => [
      ...checkLanguage(file),
      ...checkBorders(file),
      ...checkProviderNames(file, names),
      ...checkRegexes(file),
      ...checkSpreads(file),
    ]),
    ...adapterNames.flatMap((name) =>
      checkAdapter({
        name,
        files: files.filter(({ path }) => path.startsWith(`packages/${name}/`)),
        manifest: readManifest(name),
        core: readManifest('core'),
      }),
    ),
    ...checkDependencies({
      manifestText: readFileSync(manifestPath('core'), 'utf8'),
      folder: join(root, 'packages/core'),
      find: findInstalled,
    }),
    ...[...texts].flatMap(([path, text]) => checkMachineTraces(path, text)),
    ...[...texts].flatMap(([path, text]) => (isProse(path) ? checkPlainEnglish(path, text) : [])),
  ].sort((one, other) => one.path.localeCompare(other.path) || one.line - other.line)
}

/** Sources and pages that people read. */
function isProse(path: string): boolean {
  return /\.(?:ts|md)$/.test(path) && !QUOTES_WORDS.test(path) && !path.startsWith('.changeset/')
}

/** Every text file git has or would add. */
function readTexts(): Map<string, string> {
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64_000_000 },
  )
  const paths = listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path)))
  const small = paths.filter(
    (path) =>
      statSync(join(root, path)).size <= LARGEST_TEXT_BYTES && statSync(join(root, path)).isFile(),
  )
  return new Map(
    small
      .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const)
      .filter(([, text]) => !text.includes('\0')),
  )
}

function namesIn(files: readonly SourceFile[]): readonly string[] {
  const catalogue = files.filter(({ path }) => path.startsWith(CATALOGUE))
  const names = catalogue.flatMap(providerNames)
  if (!names.includes('openai'))
    throw new Error(
      `${CATALOGUE} has no \`name: 'openai'\`: the names of providers cannot be read from it.`,
    )
  return names
}

function readManifest(name: string): Manifest {
  return JSON.parse(readFileSync(manifestPath(name), 'utf8')) as Manifest
}

function manifestPath(name: string): string {
  return join(root, 'packages', name, 'package.json')
}
