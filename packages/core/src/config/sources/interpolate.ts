import { type Environment, valueOf } from './env.ts'
import type { Problem } from '../values/problem.ts'
import type { Path } from '../schema/validate.ts'

type Report = (path: Path, problem: Omit<Problem, 'place'>) => void

/**
 * Replaces `${ENV_NAME}` in every string of a value read from a file. A variable that is not set is
 * a problem, not a gap.
 */
export function interpolate(value: unknown, environment: Environment, report: Report): unknown {
  const visit = (part: unknown, path: Path): unknown => {
    if (typeof part === 'string') return fill(part, environment, (problem) => report(path, problem))
    if (Array.isArray(part)) return part.map((item, index) => visit(item, [...path, index]))
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(
      Object.entries(part).map(([key, item]) => [key, visit(item, [...path, key])]),
    )
  }
  return visit(value, [])
}

function fill(
  text: string,
  environment: Environment,
  report: (problem: Omit<Problem, 'place'>) => void,
): string {
  return text.replace(/\$\{([^}]*)\}/g, (placeholder: string, name: string) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      const message =
        'Between ${ and } stands something that is not the name of an environment variable.'
      report({ message, fix: 'Write ${NAME}; defaults and expressions are not supported.' })
      return placeholder
    }
    const value = valueOf(environment, name)
    const fix = `Set ${name}, or write the value instead.`
    if (value === undefined)
      report({ message: `The environment variable ${name} is not set.`, fix })
    return value ?? placeholder
  })
}
