import { defineConfig } from 'vitest/config'
import { ClosingLineReporter } from './scripts/closing-line-reporter.ts'

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'test/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/src/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.work/**'],
    globalSetup: ['test/harness/find-redis.ts'],
    passWithNoTests: false,
    // A committed `it.only` would pass by running nothing else.
    allowOnly: false,
    // Processes, not threads: a test that opens sockets or breaks its process takes nothing else
    // down.
    pool: 'forks',
    // Tests that measure cancellation in milliseconds suffer when every core is taken.
    maxWorkers: 2,
    testTimeout: 15_000,
    hookTimeout: 15_000,
    reporters: ['default', new ClosingLineReporter()],
  },
})
