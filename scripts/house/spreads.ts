import { isExcused } from './excuses.ts'
import type { SourceFile } from './source-file.ts'
import type { Rule, Violation } from './violation.ts'

const spread: Rule = {
  why: 'each element becomes an argument on the stack, and a list from outside has more than fit: a RangeError for a request',
  mend: 'use `append`, `largest` or `smallest` of `lists.ts`, or a loop; where the list is short for certain, say why in a comment `// few: reason` on the line or above it',
}

/** Functions that take any number of arguments; a spread in an array literal has no such bound. */
const variadic: ReadonlySet<string> = new Set([
  'push',
  'unshift',
  'splice',
  'concat',
  'toSpliced',
  'max',
  'min',
  'hypot',
  'fromCharCode',
  'fromCodePoint',
  'of',
  'assign',
  'call',
  'bind',
  'raw',
])
const byList: ReadonlySet<string> = new Set(['apply'])

/**
 * No list is spread over the arguments of a call unless it is known to be short. Tests are exempt.
 */
export function checkSpreads(file: SourceFile): Violation[] {
  if (file.isTest) return []
  return file.tokens.flatMap(({ text, line }, index) => {
    const called = text === '(' ? calledAt(file, index) : undefined
    if (called === undefined || isExcused(file, line, 'few')) return []
    return [
      {
        path: file.path,
        line,
        what: `a list spread over the arguments of \`${called}\``,
        ...spread,
      },
    ]
  })
}

function calledAt(file: SourceFile, open: number): string | undefined {
  const { tokens } = file
  const name = tokens[open - 1]
  if (name?.kind !== 'word' || !['.', '?.'].includes(tokens[open - 2]?.text ?? '')) return undefined
  if (byList.has(name.text)) return name.text
  return variadic.has(name.text) && hasSpread(file, open) ? name.text : undefined
}

/** A spread of an array literal has as many elements as are written. */
function hasSpread({ tokens, partner }: SourceFile, open: number): boolean {
  const close = partner[open] ?? -1
  for (let at = open + 1; at < close; at++) {
    const token = tokens[at]!
    if (token.kind !== 'mark') continue
    if (token.text === '...') {
      if (tokens[at + 1]?.text !== '[') return true
    } else if ('([{'.includes(token.text)) at = partner[at] ?? at
  }
  return false
}
