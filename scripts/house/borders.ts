import { findImports, type ImportedModule } from './imports.ts'
import type { SourceFile } from './source-file.ts'
import type { Rule, Violation } from './violation.ts'

const CORE = 'packages/core/src/'
const MOST_ROOMS = 2
const TRANSPORT = `${CORE}dispatch/transport.ts`
/** The files that read `process.env`: one for the gateway, one for the program around it. */
const ENVIRONMENTS: ReadonlySet<string> = new Set([
  `${CORE}config/sources/env.ts`,
  'packages/cli/src/bin.ts',
])

/** Files in the root of the core that every room may use. */
const sharedFiles = new Set(['errors.ts', 'clock.ts', 'log.ts'])
/** Rooms below all others: their files are imported directly, and they import no other room. */
const baseRooms: ReadonlySet<string | undefined> = new Set(['foundation', 'json'])
/** Rooms that put the others together. */
const assemblyRooms: ReadonlySet<string | undefined> = new Set(['gateway', 'pipeline'])

const throughIndex: Rule = {
  why: 'a room can change freely only what no other room can see',
  mend: "import it from the room's `index.ts`, or export it there",
}
const foreignDialect: Rule = {
  why: 'N dialects need N + M modules only while none leans on another',
  mend: 'move what both need to a base folder such as `dialects/model/` or `dialects/wire/`',
}
const upward: Rule = {
  why: 'the rooms are built before what puts them together',
  mend: 'take what is needed as an argument, or move what many rooms share to a file of its own',
}
const manyRooms: Rule = {
  why: 'only the rooms that put the others together may depend on many of them',
  mend: 'take the values as arguments from `gateway/` or `pipeline/`',
}
const foreignUndici: Rule = {
  why: 'one owner of the connections means one place for limits, cancellation and mending',
  mend: 'go through the `Transport` of `dispatch/`',
}
const foreignEnvironment: Rule = {
  why: 'configuration is resolved once, at start, with every problem listed',
  mend: 'take the environment from `config/sources/env.ts`',
}

/**
 * Imports between the rooms of the core, and use of the network client and the environment. Tests
 * are exempt.
 */
export function checkBorders(file: SourceFile): Violation[] {
  if (file.isTest) return []
  const imports = findImports(file)
  const rooms = file.path.startsWith(CORE) ? checkRooms(file.path, imports) : []
  return [...rooms, ...checkUndici(file.path, imports), ...checkEnvironment(file)]
}

function checkRooms(path: string, imports: readonly ImportedModule[]): Violation[] {
  const own = placeOf(path)
  const violations: Violation[] = []
  const known = new Set<string>()
  const isAssembly = assemblyRooms.has(own.room) || path === `${CORE}index.ts`
  for (const { line, specifier, target, isTypeOnly } of imports) {
    if (target === undefined || !target.startsWith(CORE)) continue
    const other = placeOf(target)
    const finding =
      isAssembly && assemblyRooms.has(other.room) ? undefined : findCrossing(own, other)
    if (finding !== undefined) {
      const [what, rule] = finding
      violations.push({ path, line, what: what.replace('%', specifier), ...rule })
    }
    if (isTypeOnly || other.room === undefined || other.room === own.room) continue
    if (baseRooms.has(other.room)) continue
    known.add(other.room)
    if (known.size === MOST_ROOMS + 1 && !isAssembly) {
      const rooms = [...known].join(', ')
      const what = `it runs code of more than ${MOST_ROOMS} other rooms (${rooms})`
      violations.push({ path, line, what, ...manyRooms })
    }
  }
  return violations
}

interface Place {
  readonly room: string | undefined
  readonly rest: string
}

/** The border that one import crosses; `%` stands for the module as written. */
function findCrossing(own: Place, other: Place): readonly [what: string, rule: Rule] | undefined {
  if (own.room === undefined) {
    return other.room === undefined || other.rest === 'index.ts' || baseRooms.has(other.room)
      ? undefined
      : [`\`%\` is inside the room ${other.room}`, throughIndex]
  }
  if (other.room === own.room) {
    return own.room === 'dialects' && crossesDialects(own.rest, other.rest)
      ? ['`%` is inside another dialect', foreignDialect]
      : undefined
  }
  if (other.room === undefined) {
    return sharedFiles.has(other.rest) ? undefined : [`a room imports \`${other.rest}\``, upward]
  }
  if (assemblyRooms.has(other.room) || (baseRooms.has(own.room) && !baseRooms.has(other.room)))
    return [`the room ${own.room} imports the room ${other.room}`, upward]
  if (baseRooms.has(other.room) || other.rest === 'index.ts') return undefined
  return [`\`%\` is inside the room ${other.room}`, throughIndex]
}

/**
 * `dialects/gemini/index.ts` is `gemini/index.ts` of the room `dialects`; `errors.ts` is in no
 * room.
 */
function placeOf(path: string): Place {
  const below = path.slice(CORE.length)
  const slash = below.indexOf('/')
  return slash === -1
    ? { room: undefined, rest: below }
    : { room: below.slice(0, slash), rest: below.slice(slash + 1) }
}

/** Folders of `dialects/` whose files every dialect may use. */
const BASE_FOLDERS: ReadonlySet<string | undefined> = new Set([
  'model',
  'wire',
  'translation',
  'tokens',
  'claude',
  'embeddings',
  'rerank',
])
/** Folders that every dialect may use through their `index.ts`. */
const NEUTRAL_FOLDERS: ReadonlySet<string | undefined> = new Set(['tool-fit', 'forward'])

/** A dialect knows itself, the base folders and the `index.ts` of a neutral folder. */
function crossesDialects(from: string, to: string): boolean {
  const [own] = from.split('/', 1)
  const [folder] = to.split('/', 1)
  if (!to.includes('/') || folder === own || BASE_FOLDERS.has(folder)) return false
  if (NEUTRAL_FOLDERS.has(folder) || !from.includes('/')) return to !== `${folder}/index.ts`
  return true
}

function checkUndici(path: string, imports: readonly ImportedModule[]): Violation[] {
  if (path === TRANSPORT) return []
  return imports
    .filter(({ specifier }) => specifier === 'undici' || specifier.startsWith('undici/'))
    .map(({ line, specifier }) => ({
      path,
      line,
      what: `\`${specifier}\` outside \`dispatch/transport.ts\``,
      ...foreignUndici,
    }))
}

/**
 * `process.env`, `process['env']`, `const { env } = process` and
 * `import { env } from 'node:process'`.
 */
function checkEnvironment({ path, tokens }: SourceFile): Violation[] {
  if (ENVIRONMENTS.has(path)) return []
  const isEnvironment = (index: number): boolean => {
    const text = (offset: number): string => tokens[index + offset]?.text ?? ''
    if (text(0) === 'env')
      return ['.', '?.', '['].includes(text(-1))
        ? text(-2) === 'process'
        : isTakenFromProcess(index)
    return false
  }
  const isTakenFromProcess = (index: number): boolean => {
    const close = tokens.findIndex(({ text }, at) => at > index && text === '}')
    return (
      close !== -1 &&
      close - index < 8 &&
      ['=', 'from'].includes(tokens[close + 1]?.text ?? '') &&
      /^(?:node:)?process$/.test(tokens[close + 2]?.text ?? '')
    )
  }
  return tokens.flatMap(({ line }, index) =>
    isEnvironment(index)
      ? [
          {
            path,
            line,
            what: 'the environment of the process outside `config/sources/env.ts`',
            ...foreignEnvironment,
          },
        ]
      : [],
  )
}
