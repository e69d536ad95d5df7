import type { SourceFile } from './source-file.ts'

/** Shorter than this it says nothing. */
const SHORTEST_REASON = 12

/**
 * Whether a comment `word: reason` at the end of the line, or alone on the line above, excuses it
 * from a rule.
 */
export function isExcused({ lines }: SourceFile, line: number, word: string): boolean {
  const same = lines[line - 1] ?? ''
  const above = (lines[line - 2] ?? '').trimStart()
  return hasReason(same.slice(Math.max(0, same.lastIndexOf('// '))), word) || hasReason(above, word)
}

function hasReason(comment: string, word: string): boolean {
  const start = `// ${word}: `
  return comment.startsWith(start) && comment.slice(start.length).trim().length >= SHORTEST_REASON
}
