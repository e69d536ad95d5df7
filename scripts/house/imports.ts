import { posix } from 'node:path'
import type { SourceFile } from './source-file.ts'
import type { Token } from './tokens.ts'

/** One module named by a file: static, type-only, re-exported or dynamic. */
export interface ImportedModule {
  readonly line: number
  /** As written. */
  readonly specifier: string
  /** Path from the root of the repository, for relative specifiers. */
  readonly target: string | undefined
  /** `import type` and `export type`: gone after compilation. */
  readonly isTypeOnly: boolean
}

/** Everything the file imports or re-exports, in order. */
export function findImports({ path, tokens }: SourceFile): ImportedModule[] {
  return tokens.flatMap(({ kind, text, line }, index) => {
    if (kind !== 'string') return []
    const previous = tokens[index - 1]
    const isCall =
      previous?.text === '(' && ['import', 'require'].includes(tokens[index - 2]?.text ?? '')
    const isStatement =
      previous?.kind === 'word' && (previous.text === 'from' || previous.text === 'import')
    if (!isCall && !isStatement) return []
    const target = text.startsWith('.') ? posix.join(posix.dirname(path), text) : undefined
    return [
      { line, specifier: text, target, isTypeOnly: isStatement && isTypeOnly(tokens, index - 1) },
    ]
  })
}

function isTypeOnly(tokens: readonly Token[], from: number): boolean {
  let at = from
  while (at > 0 && tokens[at]!.text !== 'import' && tokens[at]!.text !== 'export') at -= 1
  return at < from && tokens[at + 1]?.text === 'type'
}
