/** Tool names that a provider accepts. */
export interface NameRule {
  /** Longest name, in characters. */
  readonly max: number
  /** Longest name of a custom (free-text) tool, where the dialect marks it. @default max */
  readonly customMax?: number
  /** Accepts `.` and `:` in addition to letters, digits, `_` and `-`. */
  readonly takesDots?: boolean
  /** Class of the first character, where the provider restricts it. */
  readonly start?: 'letter' | 'letter or underscore'
}

/** Tools that a provider accepts. */
export interface ToolRules {
  readonly names: NameRule
  /** Custom (free-text) tools are supported, or the dialect has its own way to offer them. */
  readonly customTools: boolean
}
