/** The command itself is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The gateway has refused, or could not be reached. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly exitCode: 1 | 3

  constructor(message: string, exitCode: 1 | 3) {
    super(message)
    this.exitCode = exitCode
  }
}
