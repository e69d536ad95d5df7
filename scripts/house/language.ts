import type { SourceFile } from './source-file.ts'
import type { Token } from './tokens.ts'
import type { Rule, Violation } from './violation.ts'

const rules = {
  any: {
    why: '`any` switches the compiler off for everything it touches',
    mend: 'write `unknown` and narrow it, or the real type',
  },
  defaultExport: {
    why: 'a name chosen by each importer cannot be searched for',
    mend: 'export it by name',
  },
  console: {
    why: 'the standard output belongs to the host, and what is printed there passes no redaction',
    mend: 'use the injected logger',
  },
  moduleState: {
    why: 'two gateways in one process share nothing, and a module is shared',
    mend: 'keep it in an object the gateway creates',
  },
  emptyCatch: {
    why: 'a swallowed failure makes something broken look whole',
    mend: 'handle it, or let it pass; say in the block what a caught value becomes',
  },
} satisfies Record<string, Rule>

type Finding = readonly [rule: keyof typeof rules, what: string]

/**
 * Refuses constructs that no file of the packages may use; mutable module state is allowed in
 * tests.
 */
export function checkLanguage(file: SourceFile): Violation[] {
  const violations: Violation[] = []
  const report = (line: number, [rule, what]: Finding): void =>
    void violations.push({ path: file.path, line, what, ...rules[rule] })
  let depth = 0
  for (const [index, token] of file.tokens.entries()) {
    if (token.kind === 'mark') {
      const partner = file.partner[index] ?? -1
      if (partner !== -1) depth += partner > index ? 1 : -1
    }
    const finding =
      token.kind === 'word'
        ? (findWord(file, index) ??
          (file.isTest ? undefined : findState(file.tokens, index, depth)))
        : undefined
    if (finding !== undefined) report(token.line, finding)
  }
  return violations
}

function findWord(file: SourceFile, index: number): Finding | undefined {
  const { tokens } = file
  const [before, token, after] = [
    tokens[index - 1]?.text ?? '',
    tokens[index]!.text,
    tokens[index + 1]?.text ?? '',
  ]
  if (token === 'any' && isType(tokens, index)) return ['any', '`any`']
  if (token === 'default' && (before === 'export' || before === 'as') && after !== 'from')
    return ['defaultExport', 'a default export']
  if (
    token === 'console' &&
    after !== ':' &&
    (before !== '.' || tokens[index - 2]?.text === 'globalThis')
  )
    return ['console', '`console`']
  if (token === 'catch' && isEmptyCatch(file, index)) return ['emptyCatch', 'an empty `catch`']
  return undefined
}

const beforeType = new Set([
  ':',
  'as',
  '<',
  '|',
  '&',
  '=>',
  '=',
  ',',
  'readonly',
  'is',
  'satisfies',
  'extends',
  'keyof',
])

function isType(tokens: readonly Token[], index: number): boolean {
  const after = tokens[index + 1]?.text ?? ''
  return beforeType.has(tokens[index - 1]?.text ?? '') && !['(', ':', '.', '?.'].includes(after)
}

/** `catch {}`, `catch (error) {}` and `.catch(() => {})`: comments do not fill a block. */
function isEmptyCatch({ tokens, partner }: SourceFile, index: number): boolean {
  let at = index + 1
  if (tokens[index - 1]?.text === '.') {
    if (tokens[at]?.text !== '(') return false
    at += 1
    if (tokens[at]?.text === '(') at = (partner[at] ?? at) + 1
    else at += 1
    if (tokens[at]?.text !== '=>') return false
    at += 1
  } else if (tokens[at]?.text === '(') at = (partner[at] ?? at) + 1
  return tokens[at]?.text === '{' && partner[at] === at + 1
}

const collections = new Set(['Map', 'Set', 'WeakMap', 'WeakSet'])

/**
 * `let` and `var` of a module, static fields that can be assigned, and collections born empty,
 * which are there to be filled.
 */
function findState(tokens: readonly Token[], index: number, depth: number): Finding | undefined {
  const { text } = tokens[index]!
  const after = tokens[index + 1]
  const isDeclaration = after?.kind === 'word' || after?.text === '{' || after?.text === '['
  if (depth === 0 && (text === 'let' || text === 'var') && isDeclaration)
    return ['moduleState', `\`${text} ${after!.text}\` at module level`]
  if (
    text === 'static' &&
    after?.kind === 'word' &&
    ['=', ':'].includes(tokens[index + 2]?.text ?? '')
  ) {
    return ['moduleState', `the assignable static field \`${after.text}\``]
  }
  if (
    depth === 0 &&
    text === 'new' &&
    collections.has(after?.text ?? '') &&
    isCalledWithNothing(tokens, index + 2)
  ) {
    return ['moduleState', `an empty \`${after!.text}\` at module level`]
  }
  return undefined
}

function isCalledWithNothing(tokens: readonly Token[], from: number): boolean {
  let at = from
  if (tokens[at]?.text === '<') {
    for (let depth = 0; at < tokens.length; at++) {
      if (tokens[at]!.text === '<') depth += 1
      else if (tokens[at]!.text === '>' && --depth === 0) break
    }
    at += 1
  }
  return tokens[at]?.text !== '(' || tokens[at + 1]?.text === ')'
}
