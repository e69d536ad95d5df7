import type { SourceFile } from './source-file.ts'
import type { Token } from './tokens.ts'

/** A function, method or arrow with its body. */
export interface FunctionShape {
  /** Its own name, that of what it is assigned to, or `function`. */
  readonly name: string
  /** Line of the parameter list. */
  readonly line: number
  /** Without a TypeScript `this`. */
  readonly parameterCount: number
  /** Lines from the opening to the closing brace; 0 for an arrow that is one expression. */
  readonly bodyLines: number
  /** The body is a table or schema: one returned literal or call without functions of its own. */
  readonly isTable: boolean
}

const controlWords = new Set([
  'if',
  'for',
  'while',
  'switch',
  'catch',
  'with',
  'return',
  'await',
  'typeof',
  'void',
  'new',
  'in',
  'of',
  'super',
])
const statementWords = new Set([
  'if',
  'for',
  'while',
  'switch',
  'return',
  'const',
  'let',
  'var',
  'throw',
  'break',
  'continue',
  'function',
  'class',
  'try',
  'case',
  'default',
])
const typeMarks = new Set(['.', '|', '&', ','])
const operandEnds = new Set([')', ']', '}', '>'])

/**
 * Every function of the file that has a body, in order of its parameter list. Bodies of nested ones
 * count in both.
 */
export function findFunctions(file: SourceFile): FunctionShape[] {
  return file.tokens.flatMap((_, index) => functionAt(file, index) ?? [])
}

function functionAt(file: SourceFile, index: number): FunctionShape | undefined {
  const { tokens, partner } = file
  const token = tokens[index]
  if (
    isMark(token, '=>') &&
    tokens[index - 1]?.kind === 'word' &&
    !isReturnType(tokens, index - 1)
  ) {
    return {
      name: nameBefore(tokens, index - 1),
      line: token.line,
      parameterCount: 1,
      bodyLines: bodyLines(file, index + 1),
      isTable: isTable(file, index + 1),
    }
  }
  const close = partner[index] ?? -1
  if (!isMark(token, '(') || close === -1) return undefined
  const after = isMark(tokens[close + 1], ':') ? endOfType(file, close + 2) : close + 1
  const isArrow = isMark(tokens[after], '=>')
  const head = beforeTypeParameters(tokens, index - 1)
  if (!isArrow && !(isMark(tokens[after], '{') && canNameFunction(tokens, head))) return undefined
  return {
    name: isArrow ? nameBefore(tokens, index) : (tokens[head]?.text ?? 'function'),
    line: token.line,
    parameterCount: countParameters(file, index, close),
    bodyLines: bodyLines(file, isArrow ? after + 1 : after),
    isTable: isTable(file, isArrow ? after + 1 : after),
  }
}

/** Longest function body inside a table: a value read or checked in place. */
const MOST_LINES_IN_TABLE = 8

/** Statements that make a body more than a table. */
const steps = new Set(['if', 'for', 'while', 'do', 'switch', 'try', 'throw', 'let', 'var', 'await'])

function isTable(file: SourceFile, open: number): boolean {
  const { tokens, partner } = file
  const close = partner[open] ?? -1
  if (!isMark(tokens[open], '{')) return false
  let returns = 0
  for (let at = open + 1; at < close; at++) {
    if (isMark(tokens[at], '{') && isFunctionBody(file, at)) {
      if (bodyLines(file, at) > MOST_LINES_IN_TABLE) return false
      at = partner[at] ?? at
    } else if (tokens[at]?.kind === 'word') {
      const isMember = isMark(tokens[at - 1], '.') || isMark(tokens[at + 1], ':')
      if (steps.has(tokens[at]!.text) && !isMember) return false
      if (tokens[at]!.text === 'return') returns += 1
    }
  }
  return returns === 1
}

function isFunctionBody({ tokens }: SourceFile, open: number): boolean {
  const before = tokens[open - 1]
  return isMark(before, '=>') || isMark(before, ')')
}

function bodyLines({ tokens, partner }: SourceFile, open: number): number {
  const end = tokens[partner[open] ?? -1]
  const begin = tokens[open]
  return isMark(begin, '{') && end !== undefined ? end.line - begin.line + 1 : 0
}

/**
 * `name(...)`, `#name(...)`, `function (...)`, `[key](...)` and `'name'(...)` can be heads;
 * `if (...)` and `class extends mixin(...)` cannot.
 */
function canNameFunction(tokens: readonly Token[], head: number): boolean {
  const token = tokens[head]
  if (token === undefined || tokens[head - 1]?.text === 'extends') return false
  if (token.kind === 'word') return !controlWords.has(token.text) && !isMark(tokens[head - 1], '.')
  return token.kind === 'string' || isMark(token, ']') || isMark(token, '*')
}

/** The index before a `<...>` that ends at `index`, or `index` itself. */
function beforeTypeParameters(tokens: readonly Token[], index: number): number {
  if (!isMark(tokens[index], '>')) return index
  let depth = 0
  for (let at = index; at >= 0; at--) {
    if (isMark(tokens[at], '>')) depth += 1
    else if (isMark(tokens[at], '<') && --depth === 0) return at - 1
  }
  return index
}

/**
 * Where the type that begins at `from` ends: at the `{` of a body, at `=>`, or where it turns out
 * not to be a type.
 */
function endOfType({ tokens, partner }: SourceFile, from: number): number {
  let angles = 0
  let at = from
  for (; at < tokens.length; at++) {
    const token = tokens[at]!
    const previous = tokens[at - 1]!
    const operandIsComplete =
      at > from &&
      (previous.kind !== 'mark' || operandEnds.has(previous.text)) &&
      previous.text !== 'is'
    if (token.kind === 'word' ? statementWords.has(token.text) : token.kind === 'regex') return -1
    if (token.kind !== 'mark') continue
    if (angles === 0 && (token.text === '=>' || (token.text === '{' && operandIsComplete)))
      return at
    if (token.text === '<') angles += 1
    else if (token.text === '>') angles -= 1
    else if ('([{'.includes(token.text)) {
      if ((partner[at] ?? -1) === -1) return -1
      at = partner[at]!
    } else if (
      token.text !== '=>' &&
      (!typeMarks.has(token.text) || (token.text === ',' && angles === 0))
    )
      return -1
  }
  return -1
}

/**
 * In `(a): name => ...` the word before the arrow is a type, and the function has been seen at its
 * parenthesis.
 */
function isReturnType(tokens: readonly Token[], index: number): boolean {
  let at = index
  while (at > 0 && (tokens[at]!.kind === 'word' || ['.', '|', '&'].includes(tokens[at]!.text)))
    at -= 1
  return isMark(tokens[at], ':') && isMark(tokens[at - 1], ')')
}

function countParameters({ tokens, partner }: SourceFile, open: number, close: number): number {
  let count = 0
  let angles = 0
  let isInType = false
  let isEmpty = true
  for (let at = open + 1; at < close; at++) {
    const token = tokens[at]!
    if (isEmpty) {
      isEmpty = false
      if (token.text !== 'this' || !isMark(tokens[at + 1], ':')) count += 1
    }
    if (token.kind !== 'mark') continue
    if ('([{'.includes(token.text)) at = partner[at] ?? at
    else if (token.text === ':') isInType = true
    else if (token.text === '=') isInType = false
    else if (isInType && token.text === '<') angles += 1
    else if (isInType && token.text === '>') angles -= 1
    else if (token.text === ',' && angles === 0) {
      isInType = false
      isEmpty = true
    }
  }
  return count
}

/** `name = (`, `name: (`, `name = async (`, `const name: Type = (`. */
function nameBefore(tokens: readonly Token[], index: number): string {
  let at = beforeTypeParameters(tokens, index - 1)
  if (tokens[at]?.text === 'async') at -= 1
  if (!isMark(tokens[at], '=') && !isMark(tokens[at], ':')) return 'function'
  for (let back = at - 1; back >= 0 && tokens[back]!.line >= tokens[at]!.line - 1; back--) {
    if (['const', 'let', 'readonly'].includes(tokens[back]!.text))
      return tokens[back + 1]?.text ?? 'function'
    if (['{', '(', ';'].includes(tokens[back]!.text)) break
  }
  return tokens[at - 1]?.kind === 'word' ? tokens[at - 1]!.text : 'function'
}

function isMark(token: Token | undefined, text: string): token is Token {
  return token?.kind === 'mark' && token.text === text
}
