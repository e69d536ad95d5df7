import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** How a run ended. */
export interface Tally {
  readonly passed: number
  /** Failed tests, files that failed outside of any test, and uncaught errors. */
  readonly failed: number
  /** Skipped tests and those still to be written. */
  readonly skipped: number
}

/**
 * Ends each run with `12 passed, 0 failed` alone on a line, for programs that read the log.
 * log.
 */
export class ClosingLineReporter implements Reporter {
  readonly #print: (text: string) => void

  constructor(print: (text: string) => void = (text) => void process.stdout.write(text)) {
    this.#print = print
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.#print(`${closingLine(tally(modules, unhandledErrors.length))}\n`)
  }
}

/** `3 passed, 0 failed`, and `, 1 skipped` where something was. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * Counts a run. A file that breaks before its first test, or in a hook, has no failed test and
 * still failed.
 */
export function tally(modules: readonly TestModule[], unhandledErrors: number): Tally {
  const tests = modules.flatMap((module) =>
    [...module.children.allTests()].map((test) => test.result().state),
  )
  const count = (state: string): number => tests.filter((one) => one === state).length
  const brokenFiles = modules.filter(
    (module) => module.state() === 'failed' && ![...module.children.allTests('failed')].length,
  )
  return {
    passed: count('passed'),
    failed: count('failed') + brokenFiles.length + unhandledErrors,
    skipped: count('skipped'),
  }
}
