/** Where the gateway tells its operator what happened. The shape of pino, winston and console. */
export interface Logger {
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'

const LEVELS: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug']

export interface LeveledLogger extends Logger {
  /** Whether anybody reads `info`: what is costly to describe is described only then. */
  readonly wantsInfo: boolean
}

/** The host's logger as it is, or one JSON line per message on standard error from `level` up. */
export function createLogger(setting: LogLevel | Logger, write: (line: string) => void = writeToStandardError): LeveledLogger {
  if (typeof setting !== 'string') {
    const guarded =
      (level: keyof Logger): Logger[keyof Logger] =>
      (message, fields) => {
        try {
          return setting[level](message, fields)
        } catch {
          // The host's logger is broken; the request it was told of is not.
          return undefined
        }
      }
    return { wantsInfo: true, error: guarded('error'), warn: guarded('warn'), info: guarded('info'), debug: guarded('debug') }
  }
  const threshold = LEVELS.indexOf(setting)
  const line = (level: LogLevel) =>
    LEVELS.indexOf(level) > threshold
      ? () => undefined
      : (message: string, fields?: Readonly<Record<string, unknown>>) => write(`${JSON.stringify({ level, source: 'postern', message, ...fields })}\n`)
  return { wantsInfo: threshold >= LEVELS.indexOf('info'), error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') }
}

function writeToStandardError(line: string): void {
  process.stderr.write(line)
}
