import type { SourceFile } from './source-file.ts'
import type { Rule, Violation } from './violation.ts'

const CORE = 'packages/core/src/'
const PROVIDERS = `${CORE}providers/`
const DIALECTS = `${CORE}dialects/`

const named: Rule = {
  why: 'shared code that knows a provider by name grows a branch for each of sixty',
  mend: 'ask for a capability or a quirk of the target, or move it to `providers/` or the folder of the dialect',
}

/** Names in the catalogue that are also words, or parts of words, of ordinary code. */
const ordinaryWords = new Set([
  'together',
  'fireworks',
  'hyperbolic',
  'lambda',
  'llama',
  'inception',
  'upstage',
  'venice',
  'chutes',
  'morph',
  'poe',
  'jan',
  'parasail',
])
/**
 * Owners of several names, and services that are not in the catalogue because they have a dialect
 * of their own.
 */
const furtherNames = ['azure', 'bedrock', 'vertexai', 'dashscope', 'bigmodel']
/**
 * Names of dialects, which are allowed where dialects are registered and where a path is given one.
 */
const dialectWords =
  /openai[-_]?chat|openai[-_]?responses|anthropic[-_]?messages|bedrock[-_]?converse|\b(?:gemini|cohere)\b/gi
const registers = new Set([`${DIALECTS}index.ts`, `${CORE}api/endpoints.ts`])
/**
 * Within `dialects/` a whole string may name a dialect (a signature says which it came from), and
 * so may what others put on a wire.
 */
const wholeDialectName =
  /^(?:openai-chat|openai-responses|anthropic-messages|bedrock-converse|gemini|cohere)$/
const wireWords = new Set(['x_groq', 'anthropic-claude-v1', 'google-gemini-v1'])
/** Shorter names are looked for as whole words only. */
const SAFE_LENGTH = 5

/** The names of providers to look for, read from the catalogue; `-` between words is left out. */
export function providerNames(catalogue: SourceFile): readonly string[] {
  const { tokens } = catalogue
  const listed = tokens.flatMap(({ kind, text }, index) =>
    kind === 'string' && tokens[index - 1]?.text === ':' && tokens[index - 2]?.text === 'name'
      ? [text]
      : [],
  )
  return [...listed.filter((name) => !ordinaryWords.has(name)), ...furtherNames].map(plain)
}

/**
 * A provider's name appears in identifiers and strings under `providers/` and in its dialect's
 * folder only. Tests are exempt.
 */
export function checkProviderNames(file: SourceFile, names: readonly string[]): Violation[] {
  if (file.isTest || !file.path.startsWith(CORE) || file.path.startsWith(PROVIDERS)) return []
  const foreign = names.filter((name) => !ownsName(file.path, name))
  const find = finder(foreign)
  const isDialect = file.path.startsWith(DIALECTS)
  const isRegister = registers.has(file.path)
  return file.tokens.flatMap(({ kind, text, line }, index) => {
    if ((kind !== 'word' && kind !== 'string') || (isDialect && isOnTheWire(kind, text))) return []
    const isImport =
      kind === 'string' && ['from', 'import'].includes(file.tokens[index - 1]?.text ?? '')
    const name = find(isRegister ? text.replaceAll(dialectWords, isImport ? '' : ' ') : text)
    return name === undefined
      ? []
      : [
          {
            path: file.path,
            line,
            what: `the provider name \`${name}\` in ${kind === 'word' ? `\`${text}\`` : 'a string'}`,
            ...named,
          },
        ]
  })
}

function isOnTheWire(kind: string, text: string): boolean {
  return wireWords.has(text) || (kind === 'string' && wholeDialectName.test(text))
}

/** `dialects/anthropic-messages/` may say `anthropic`, and no other name. */
function ownsName(path: string, name: string): boolean {
  if (!path.startsWith(DIALECTS)) return false
  const folder = path.slice(DIALECTS.length).split('/')
  return folder.length > 1 && plain(folder[0]!).startsWith(name)
}

function finder(names: readonly string[]): (text: string) => string | undefined {
  const anywhere = names.filter((name) => name.length >= SAFE_LENGTH)
  const wholeWords = new Set(names.filter((name) => name.length < SAFE_LENGTH))
  return (text) => {
    const squeezed = plain(text)
    return (
      anywhere.find((name) => squeezed.includes(name)) ??
      wordsOf(text).find((word) => wholeWords.has(word))
    )
  }
}

/** `isGroqModel` has the words `is`, `groq` and `model`. */
function wordsOf(text: string): string[] {
  return text
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, ' ')
    .toLowerCase()
    .split(/[^a-z\d]+/)
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_]/g, '')
}
