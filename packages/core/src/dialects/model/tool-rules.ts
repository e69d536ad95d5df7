/** Tool names that a provider accepts. */
export interface NameRule {
  /** Longest name, in characters. */
  readonly max: number
  /** Longest name of a tool of free text, where the dialect marks it. @default max */
  readonly customMax?: number
  /** Takes `.` and `:` beside letters, digits, `_` and `-`. */
  readonly takesDots?: boolean
  /** Class of the first character, where not every one may be it. */
  readonly start?: 'letter' | 'letter or underscore'
}

/** Tools that a provider accepts. */
export interface ToolRules {
  readonly names: NameRule
  /** Tools of free text are understood, or the dialect has its own way to offer them. */
  readonly customTools: boolean
}
