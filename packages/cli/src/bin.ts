#!/usr/bin/env node
import { once } from 'node:events'

// Imported late, so that a runtime that Postern does not run on is one line and no stack.
const supported = await import('@postern/core/supported-runtime').then(
  () => true,
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return false
  },
)
process.exitCode = supported ? await run() : 1

async function run(): Promise<number> {
  const { main } = await import('./main.ts')
  return main(process.argv.slice(2), {
    environment: process.env,
    fetch: globalThis.fetch,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    untilStopped: async () =>
      void (await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])),
  })
}
