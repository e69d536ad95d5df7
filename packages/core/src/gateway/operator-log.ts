import type { Clock } from '../clock.ts'
import { LastingCondition } from '../foundation/condition-log.ts'
import type { CircuitState } from '../health/index.ts'
import type { Shedding } from '../limits/index.ts'
import type { LeveledLogger } from '../log.ts'

const MOST_TARGETS_LOGGED = 20

/**
 * Logs a circuit when it opens and when it closes, and once a minute all that are open: probes that
 * fail meanwhile are no news.
 */
export function circuitLog(
  log: LeveledLogger,
  clock: Clock,
): { readonly onChange: (target: string, state: CircuitState) => void; close(): void } {
  const open = new Set<string>()
  const lasting = new LastingCondition(clock, {
    began: () => undefined,
    lasts: (forMs) =>
      log.warn('circuits still open', {
        count: open.size,
        targets: [...open].slice(0, MOST_TARGETS_LOGGED),
        forMs,
      }),
    over: () => undefined,
  })
  return {
    onChange(target, state) {
      if (state === 'closed') {
        if (open.delete(target)) log.warn('circuit closed', { target })
        if (open.size === 0) lasting.end()
      } else if (!open.has(target)) {
        open.add(target)
        log.warn('circuit opened', { target })
        lasting.begin()
      }
    },
    close: () => lasting.close(),
  }
}

/** One line for each change. */
export function logShedding(log: LeveledLogger, shedding: Shedding, lagMs: number): void {
  if (shedding === 'nobody') log.warn('load shedding ended', { eventLoopLagMs: lagMs })
  else
    log.warn('load shedding started', {
      refusing: shedding === 'batch' ? 'batch' : 'all requests',
      eventLoopLagMs: lagMs,
    })
}

/**
 * A changed configuration that cannot be used is reported until it can: what is in force is not
 * what the file says.
 */
export function invalidConfigurationLog(
  log: LeveledLogger,
  clock: Clock,
): { begin(cause: unknown): void; end(): void; close(): void } {
  let cause = ''
  const invalid = new LastingCondition(clock, {
    began: () =>
      log.error('configuration invalid, keeping the last valid one', {
        cause,
      }),
    lasts: (forMs) =>
      log.error('configuration still invalid, keeping the last valid one', {
        cause,
        forMs,
      }),
    over: () => undefined,
  })
  return {
    begin(problem) {
      invalid.end()
      cause = String(problem)
      invalid.begin()
    },
    end: () => invalid.end(),
    close: () => invalid.close(),
  }
}
