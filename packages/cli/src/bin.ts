#!/usr/bin/env node
import { once } from 'node:events'
import { main } from './main.ts'

process.exitCode = await main(process.argv.slice(2), {
  environment: process.env,
  fetch: globalThis.fetch,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  untilStopped: async () => void (await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])),
})
