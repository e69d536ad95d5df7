import type { Logger } from '@postern/core'

/** A logger a test can read, and wait on. */
export interface SeenLog extends Logger {
  /** `level message fields`, one per message. */
  readonly lines: readonly string[]
  /** Resolves with the first line that holds `part` and was not taken before. */
  next(part: string): Promise<string>
}

export function seeLog(): SeenLog {
  const lines: string[] = []
  let taken = 0
  const watchers: (() => void)[] = []
  const write =
    (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
      lines.push(`${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`)
      for (const wake of watchers.splice(0)) wake()
    }
  return {
    lines,
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    async next(part) {
      for (;;) {
        const at = lines.findIndex((line, index) => index >= taken && line.includes(part))
        const line = lines[at]
        if (line !== undefined) {
          taken = at + 1
          return line
        }
        await new Promise<void>((resolve) => watchers.push(resolve))
      }
    },
  }
}
