/** One thing wrong with the configuration. Never holds a secret. */
export interface Problem {
  /**
   * Where it was written: `POSTERN_TIMEOUT`, `option routes.support`,
   * `postern.yaml: providers.gpu.baseUrl`.
   */
  readonly place: string
  readonly message: string
  /** The fix. */
  readonly fix: string
}

/**
 * The configuration cannot be used. Carries every problem found, not only the first; its message
 * lists them all.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(describe(problems))
    this.problems = Object.freeze([...problems])
  }
}

function describe(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const lines = problems.map(
    ({ place, message, fix }) => `  - ${place}: ${message}\n    Fix: ${fix}`,
  )
  return [`The gateway cannot start: ${count} in its configuration.`, ...lines].join('\n')
}
