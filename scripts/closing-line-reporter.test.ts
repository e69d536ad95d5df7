import { describe, expect, it } from 'vitest'
import type { TestModule } from 'vitest/node'
import { ClosingLineReporter, closingLine } from './closing-line-reporter.ts'

type State = 'passed' | 'failed' | 'skipped'

function moduleOf(state: State, tests: readonly State[]): TestModule {
  const allTests = (wanted?: State): object[] =>
    tests
      .filter((one) => wanted === undefined || one === wanted)
      .map((one) => ({ result: () => ({ state: one }) }))
  return { state: () => state, children: { allTests } } as unknown as TestModule
}

function lineOf(modules: readonly TestModule[], unhandledErrors = 0): string {
  let printed = ''
  const reporter = new ClosingLineReporter((text) => void (printed += text))
  reporter.onTestRunEnd(
    modules,
    Array.from({ length: unhandledErrors }, () => ({ message: 'unhandled' })),
  )
  return printed
}

describe('the closing line', () => {
  it('counts over all files', () => {
    expect(
      lineOf([moduleOf('passed', ['passed', 'passed']), moduleOf('failed', ['passed', 'failed'])]),
    ).toBe('3 passed, 1 failed\n')
  })

  it('names what was skipped, only if something was', () => {
    expect(lineOf([moduleOf('passed', ['passed', 'skipped'])])).toBe(
      '1 passed, 0 failed, 1 skipped\n',
    )
    expect(closingLine({ passed: 1, failed: 0, skipped: 0 })).toBe('1 passed, 0 failed')
  })

  it('counts a file that broke outside of its tests as failed', () => {
    expect(lineOf([moduleOf('failed', []), moduleOf('failed', ['passed'])])).toBe(
      '1 passed, 2 failed\n',
    )
  })

  it('counts uncaught errors as failed', () => {
    expect(lineOf([moduleOf('passed', ['passed'])], 2)).toBe('1 passed, 2 failed\n')
  })
})
