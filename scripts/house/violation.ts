/** A broken house rule: where, what, why the rule exists, and how to mend it. */
export interface Violation {
  /** From the root of the repository, with `/`. */
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly what: string
  /** The reason of the rule, in one sentence. */
  readonly why: string
  readonly mend: string
}

/** Reason and remedy of a rule. */
export type Rule = Pick<Violation, 'why' | 'mend'>

/** `file:line: what; why; how to mend`. */
export function formatViolation({ path, line, what, why, mend }: Violation): string {
  return `${path}:${line}: ${what}; ${why}; ${mend}`
}
