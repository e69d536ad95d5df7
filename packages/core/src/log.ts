import { describeThrown } from './errors.ts'
import { isolated } from './foundation/isolated.ts'

/**
 * Receives the log lines of the gateway. winston, console, and any object with these four methods
 * fit as they are; pino is called with its fields first.
 */
export interface Logger {
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'

const LEVELS: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug']

export interface LeveledLogger extends Logger {
  /** Whether `info` lines are written at all: what is costly to describe is described only then. */
  readonly wantsInfo: boolean
}

/**
 * Where the lines of the gateway's own logger go, and their time in milliseconds since the epoch.
 */
export interface LogOutput {
  readonly write: (line: string) => void
  readonly now: () => number
}

/**
 * The host's logger, or one JSON line per message on standard error from `level` up. No method
 * throws.
 */
export function createLogger(
  setting: LogLevel | Logger,
  output: LogOutput = { write: writeToStandardError, now: Date.now },
): LeveledLogger {
  return typeof setting === 'string' ? jsonLines(setting, output) : guarded(setting, output)
}

function jsonLines(level: LogLevel, { write, now }: LogOutput): LeveledLogger {
  const threshold = LEVELS.indexOf(level)
  const line = (own: LogLevel) =>
    LEVELS.indexOf(own) > threshold
      ? () => undefined
      : (message: string, fields?: Readonly<Record<string, unknown>>) =>
          write(
            `${lineOf({ time: new Date(now()).toISOString(), level: own, source: 'postern', message }, fields)}\n`,
          )
  return {
    wantsInfo: threshold >= LEVELS.indexOf('info'),
    error: line('error'),
    warn: line('warn'),
    info: line('info'),
    debug: line('debug'),
  }
}

/**
 * Fields of the host's callbacks may hold anything; a line that cannot be written as JSON is
 * written without them.
 */
function lineOf(
  head: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, unknown>> | undefined,
): string {
  try {
    return JSON.stringify({ ...head, ...fields, ...head }, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
  } catch (cause) {
    return JSON.stringify({ ...head, fieldsLost: String(cause) })
  }
}

/** Members of pino and winston loggers in addition to the four methods. */
interface KnownLogger extends Logger {
  readonly bindings?: unknown
  readonly child?: unknown
  isLevelEnabled?(level: string): boolean
}

const TOLD_AGAIN_MS = 60_000

/**
 * A logger of the host that throws or rejects fails no request; standard error says so once a
 * minute.
 */
function guarded(logger: KnownLogger, { write, now }: LogOutput): LeveledLogger {
  let toldAt = Number.NEGATIVE_INFINITY
  const onFailure = (cause: unknown): void => {
    if (now() - toldAt < TOLD_AGAIN_MS) return
    toldAt = now()
    write(
      `${lineOf({ time: new Date(toldAt).toISOString(), level: 'error', source: 'postern', message: 'host callback failed' }, { callback: 'log', cause: describeThrown(cause) })}\n`,
    )
  }
  const takesFieldsFirst = isPino(logger)
  const method =
    (level: keyof Logger): Logger[keyof Logger] =>
    (message, fields) => {
      isolated(
        () =>
          takesFieldsFirst && fields !== undefined
            ? (logger as unknown as FieldsFirst)[level](fields, message)
            : logger[level](message, fields),
        onFailure,
      )
    }
  return {
    get wantsInfo() {
      try {
        return logger.isLevelEnabled?.('info') !== false
      } catch {
        return true
      }
    },
    error: method('error'),
    warn: method('warn'),
    info: method('info'),
    debug: method('debug'),
  }
}

type FieldsFirst = Record<keyof Logger, (fields: object, message: string) => void>

/**
 * pino and loggers of its kind (Fastify's): they take `fields, message`, and print a second
 * argument after a text only where the text has a place for it.
 */
function isPino({ bindings, child }: KnownLogger): boolean {
  return typeof bindings === 'function' && typeof child === 'function'
}

function writeToStandardError(line: string): void {
  process.stderr.write(line)
}
