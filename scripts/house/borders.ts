import { findImports, type ImportedModule } from './imports.ts'
import type { SourceFile } from './source-file.ts'
import type { Rule, Violation } from './violation.ts'

const CORE = 'packages/core/src/'
const MOST_ROOMS = 2
const TRANSPORT = `${CORE}dispatch/transport.ts`
/**
 * Where the environment of a process is taken from: by the gateway, and by the program around it.
 */
const ENVIRONMENTS: ReadonlySet<string> = new Set([
  `${CORE}config/env.ts`,
  'packages/cli/src/bin.ts',
])

/** Files beside the rooms that every room may use; each new one is a decision. */
const sharedFiles = new Set([
  'errors.ts',
  'exchange.ts',
  'clock.ts',
  'log.ts',
  'content-coding.ts',
  'json-error.ts',
  'json-object.ts',
  'json-scan.ts',
  'json-structure.ts',
  'json-text.ts',
  'turns.ts',
  'circuit-breaker.ts',
  'lasting-condition.ts',
  'lists.ts',
  'sliding-counts.ts',
  'host-calls.ts',
  'isolated.ts',
  'supported-runtime.ts',
])
/** The files that put the rooms together. */
const assembly = new Set([
  'pipeline.ts',
  'gateway.ts',
  'shared-state.ts',
  'agent-session.ts',
  'accounting.ts',
  'administration.ts',
  'index.ts',
])

const throughIndex: Rule = {
  why: 'a room is free to change only what nobody outside can see',
  mend: "import it from the room's `index.ts`, or export it there",
}
const foreignDialect: Rule = {
  why: 'N dialects need N + M modules only while none leans on another',
  mend: 'move what both need to a file of `dialects/`',
}
const upward: Rule = {
  why: 'the rooms are built before what puts them together',
  mend: 'take what is needed as an argument, or move what many rooms share to a file of its own',
}
const manyRooms: Rule = {
  why: 'only what puts the rooms together may depend on many of them',
  mend: 'take the values as arguments from `gateway.ts` or `pipeline.ts`',
}
const foreignUndici: Rule = {
  why: 'one owner of the connections means one place for limits, cancellation and mending',
  mend: 'go through the `Transport` of `dispatch/`',
}
const foreignEnvironment: Rule = {
  why: 'configuration is resolved once, at start, with every problem listed',
  mend: 'take the environment from `config/env.ts`',
}

/**
 * Who may import whom in the core, and who may touch the network client and the environment. Tests
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
  for (const { line, specifier, target, isTypeOnly } of imports) {
    if (target === undefined || !target.startsWith(CORE)) continue
    const other = placeOf(target)
    if (other.room === own.room && own.room !== undefined) {
      if (own.room === 'dialects' && crossesDialects(own.rest, other.rest))
        violations.push({
          path,
          line,
          what: `\`${specifier}\` is inside another dialect`,
          ...foreignDialect,
        })
      continue
    }
    if (other.room === undefined) {
      if (own.room !== undefined && !sharedFiles.has(other.rest))
        violations.push({ path, line, what: `a room imports \`${other.rest}\``, ...upward })
      continue
    }
    if (other.rest !== 'index.ts')
      violations.push({
        path,
        line,
        what: `\`${specifier}\` is inside the room ${other.room}`,
        ...throughIndex,
      })
    if (isTypeOnly) continue
    known.add(other.room)
    if (known.size === MOST_ROOMS + 1 && !(own.room === undefined && assembly.has(own.rest))) {
      violations.push({
        path,
        line,
        what: `it runs code of more than ${MOST_ROOMS} other rooms (${[...known].join(', ')})`,
        ...manyRooms,
      })
    }
  }
  return violations
}

/**
 * `dialects/gemini/index.ts` is `gemini/index.ts` of the room `dialects`; `errors.ts` is in no
 * room.
 */
function placeOf(path: string): { readonly room: string | undefined; readonly rest: string } {
  const below = path.slice(CORE.length)
  const slash = below.indexOf('/')
  return slash === -1
    ? { room: undefined, rest: below }
    : { room: below.slice(0, slash), rest: below.slice(slash + 1) }
}

/** Neutral shapes between the dialects that take more than a file. */
const NEUTRAL_FOLDERS: ReadonlySet<string | undefined> = new Set([
  'embeddings',
  'rerank',
  'tool-fit',
])

/**
 * Each dialect is a folder: it knows itself, the files of the room's root and the `index.ts` of a
 * neutral folder, and the root knows its `index.ts`.
 */
function crossesDialects(from: string, to: string): boolean {
  if (!to.includes('/')) return false
  const [folder] = to.split('/', 1)
  if (NEUTRAL_FOLDERS.has(folder) && to === `${folder}/index.ts`) return false
  return from.includes('/') ? !from.startsWith(`${folder}/`) : to !== `${folder}/index.ts`
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
            what: 'the environment of the process outside `config/env.ts`',
            ...foreignEnvironment,
          },
        ]
      : [],
  )
}
