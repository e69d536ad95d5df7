import { matchBrackets, type Token, tokenize } from './tokens.ts'

/** A source file as the rules see it. */
export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly tokens: readonly Token[]
  /** The partner of each bracket, see `matchBrackets`. */
  readonly partner: Int32Array
  /** As written, comments too. */
  readonly lines: readonly string[]
  readonly lineCount: number
  /** Tests are held to the rules of the language, not to sizes and borders. */
  readonly isTest: boolean
}

/** Prepares one file for the rules. */
export function readSource(path: string, text: string): SourceFile {
  const tokens = tokenize(text)
  const lines = text.split('\n')
  return {
    path,
    tokens,
    partner: matchBrackets(tokens),
    lines,
    lineCount: lines.length - (text.endsWith('\n') || text === '' ? 1 : 0),
    isTest: path.endsWith('.test.ts'),
  }
}
