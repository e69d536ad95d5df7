import { afterEach, beforeEach, expect } from 'vitest'

/**
 * Fails every test of the file in which something reaches what would end the host's process (I7,
 * B10).
 */
export function failOnUncaught(): void {
  const uncaught: unknown[] = []
  const onUncaught = (error: unknown): void => void uncaught.push(error)
  beforeEach(() => {
    uncaught.length = 0
    process.on('uncaughtException', onUncaught)
    process.on('unhandledRejection', onUncaught)
  })
  afterEach(() => {
    process.off('uncaughtException', onUncaught)
    process.off('unhandledRejection', onUncaught)
    expect(uncaught).toEqual([])
  })
}
