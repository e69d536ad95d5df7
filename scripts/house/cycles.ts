import { findImports } from './imports.ts'
import type { SourceFile } from './source-file.ts'
import type { Rule, Violation } from './violation.ts'

const cycle: Rule = {
  why: 'two files that need each other cannot be read, tested or moved alone, types included',
  mend: 'move what both need to a third file, or let the lower one declare the interface it needs',
}

/**
 * Import cycles between the files, type imports included: the linter sees only those that are left
 * after compilation. Each cycle is reported once, at its first file. Tests are exempt.
 */
export function checkCycles(files: readonly SourceFile[]): Violation[] {
  const own = files.filter((file) => !file.isTest)
  const paths = new Set(own.map(({ path }) => path))
  const graph = new Map(
    own.map((file) => [
      file.path,
      findImports(file).flatMap(({ target }) =>
        target !== undefined && paths.has(target) ? [target] : [],
      ),
    ]),
  )
  return components(graph).map((members) => {
    const [path = ''] = members.toSorted()
    const what = `an import cycle of ${members.length} files: ${members.toSorted().join(', ')}`
    return { path, line: 1, what, ...cycle }
  })
}

/** Strongly connected components of two files or more, and files that import themselves (Tarjan). */
function components(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (node: string): number => {
    const at = order.size
    order.set(node, at)
    let low = at
    stack.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next))
      else if (stack.includes(next)) low = Math.min(low, order.get(next) ?? low)
    }
    lowest.set(node, low)
    if (low === at) {
      const members = stack.splice(stack.indexOf(node))
      if (members.length > 1 || graph.get(node)?.includes(node) === true) found.push(members)
    }
    return low
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return found
}
