import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Lets the event loop go round `count` times: whatever is on its way over loopback arrives
 * meanwhile. No time has to pass.
 */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

/**
 * Resolves when `measure` has stood still for `calm` turns of the event loop, with its last value.
 */
export async function settled(measure: () => number, calm = 300): Promise<number> {
  let last = measure()
  for (let unchanged = 0; unchanged < calm; unchanged++) {
    await nextTurn()
    const now = measure()
    if (now === last) continue
    last = now
    unchanged = 0
  }
  return last
}

/**
 * Fails with errors that were unhandled while `run` ran: inside a host they would have ended the
 * process.
 */
export async function withoutCrash(run: () => Promise<void>): Promise<void> {
  const crashes: unknown[] = []
  const record = (error: unknown): void => void crashes.push(error)
  process.on('uncaughtException', record)
  process.on('unhandledRejection', record)
  try {
    await run()
    await turns()
  } finally {
    process.off('uncaughtException', record)
    process.off('unhandledRejection', record)
  }
  if (crashes.length > 0)
    throw new AggregateError(crashes, `Unhandled: ${crashes.map(String).join('; ')}`)
}
