import { analyse, type Report } from 'scslre'
import { isExcused } from './excuses.ts'
import type { SourceFile } from './source-file.ts'
import type { Rule, Violation } from './violation.ts'

const superLinear: Rule = {
  why: 'text from outside can be a megabyte, and its square holds the event loop for seconds',
  mend: 'let it begin only where no earlier begin can fail on the same characters, such as `(?<!x)x+$` for `x+$`, or write a loop; where the text is short for certain, say why in a comment `// linear: reason` on the line or above it',
}
const composed: Rule = {
  why: 'the check cannot see how long an expression takes that is put together at run time',
  mend: 'write it as a literal; where it must be put together, say why it is linear in a comment `// linear: reason` on the line or above it',
}

/** Each regular expression of a package takes time in proportion to its text. Tests are exempt. */
export function checkRegexes(file: SourceFile): Violation[] {
  if (file.isTest) return []
  return file.tokens.flatMap(({ kind, text, line }, index) => {
    const finding =
      kind === 'regex'
        ? findingIn(text)
        : isComposed(file, index)
          ? { what: '`RegExp` of an expression', ...composed }
          : undefined
    return finding === undefined || isExcused(file, line, 'linear')
      ? []
      : [{ path: file.path, line, ...finding }]
  })
}

function findingIn(text: string): (Rule & Pick<Violation, 'what'>) | undefined {
  const end = text.lastIndexOf('/')
  const { reports } = analyse(
    { source: text.slice(1, end), flags: text.slice(end + 1) },
    { reportTypes: { Move: true, Self: true, Trade: true } },
  )
  const [report] = reports
  return report === undefined
    ? undefined
    : { what: `\`${text}\` ${describe(report)}`, ...superLinear }
}

function describe({ exponential, character }: Report): string {
  return `takes ${exponential ? 'exponential' : 'quadratic'} time for many ${JSON.stringify(character.pick)}`
}

function isComposed({ tokens }: SourceFile, index: number): boolean {
  return (
    tokens[index]?.text === 'RegExp' &&
    tokens[index]?.kind === 'word' &&
    tokens[index + 1]?.text === '('
  )
}
