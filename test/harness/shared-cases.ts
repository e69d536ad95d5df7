import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readRecording, type Recording } from '@postern/testing'
import type { TestContext } from 'vitest'

const folder = fileURLToPath(new URL('../../../shared/cases/', import.meta.url))
const isRequired = process.env['REQUIRE_RECORDINGS'] === '1'

/** Whether the folder of small failing inputs lies beside the project. */
export const hasSharedCases = existsSync(folder)

/**
 * Skips a test that needs the shared cases where they are absent; with `REQUIRE_RECORDINGS=1` it
 * fails instead.
 */
export function needsSharedCases({ skip }: Pick<TestContext, 'skip'>): void {
  if (!hasSharedCases && !isRequired)
    skip('The folder shared/cases does not lie beside the project.')
}

/**
 * The body of a test of one shared case, skipped with the reason where the cases are absent:
 * `it('keeps names', withCase('tool-name-length', async (sharedCase) => { ... }))`
 */
export function withCase(
  name: string,
  run: (sharedCase: SharedCase) => Promise<void> | void,
): (context: TestContext) => Promise<void> {
  return async (context) => {
    needsSharedCases(context)
    await run(sharedCase(name))
  }
}

/** Names of all shared cases; empty where they are absent. */
export function caseNames(): string[] {
  return hasSharedCases
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name !== 'translation')
        .map(({ name }) => name)
    : []
}

/** One folder of `shared/cases`. */
export interface SharedCase {
  readonly name: string
  /**
   * The file of this name, parsed: `request.json` or `upstream.json`. Throws where there is none.
   */
  json<T = Record<string, unknown>>(file: 'request.json' | 'upstream.json' | (string & {})): T
  /** The bytes of the file of this name. Throws where there is none. */
  bytes(file: string): Buffer
  /** Names of the files in the folder. */
  files(): readonly string[]
}

export function sharedCase(name: string): SharedCase {
  const bytes = (file: string): Buffer => readFileSync(`${folder}${name}/${file}`)
  return {
    name,
    json: <T>(file: string) => JSON.parse(bytes(file).toString('utf8')) as T,
    bytes,
    files: () => readdirSync(`${folder}${name}`),
  }
}

/** The client APIs a translated answer is read through. */
export type ClientApi = 'chat' | 'responses' | 'anthropic' | 'gemini'

/** A provider's answer, and what its own SDK reads from it. */
export interface TranslationCase {
  /** File name without its extension. */
  readonly name: string
  readonly why: string
  /** The provider's name, as the gateway's catalogue has it. */
  readonly provider: string
  readonly clients: readonly ClientApi[]
  readonly recording: Recording
  /** Only the facts that the case is about. */
  readonly expect: ExpectedMeaning
}

export interface ExpectedMeaning {
  readonly text?: string
  readonly refusal?: string
  readonly tools?: readonly {
    readonly id?: string
    readonly name: string
    readonly args: unknown
  }[]
  /** In the words of chat completions. */
  readonly finish?: string
  /** As chat completions write it, before anything is derived from it. */
  readonly rawFinish?: string
  readonly urls?: readonly string[]
  /** Number of pieces of generated speech. */
  readonly audio?: number
}

/** The answers under `shared/cases/translation`; empty where the cases are absent. */
export function translationCases(): TranslationCase[] {
  if (!hasSharedCases) return []
  return readdirSync(`${folder}translation`)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const path = `${folder}translation/${file}`
      const { dialect, stream, ...facts } = JSON.parse(readFileSync(path, 'utf8')) as Omit<
        TranslationCase,
        'name' | 'recording'
      > & { readonly dialect: string; readonly stream: boolean }
      return {
        ...facts,
        name: file.replace(/\.json$/, ''),
        recording: { ...readRecording(path), dialect, isStream: stream },
      }
    })
}
