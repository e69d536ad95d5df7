/** The host of a soak: Express with the gateway in it. Tells its parent every second how it is. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { gateway } from '@postern/express'
import express from 'express'

let uncaught = 0
process.on('uncaughtException', () => void (uncaught += 1))
process.on('unhandledRejection', () => void (uncaught += 1))

const app = express()
const upstream = process.env.UPSTREAM ?? ''
const llm = gateway({
  providers: { main: { baseUrl: `${upstream}/v1`, apiKey: 'test-bench' } },
  keys: { soak: process.env.KEY ?? '' },
  idleTimeout: '2s',
  log: 'silent',
  // A single provider with faults on purpose: every request is to meet them.
  circuitBreaker: 'off',
})
app.use('/llm', llm)
app.get('/host', (_request, response) => void response.send('host'))

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
const server = createServer(app).listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
)

setInterval(() => {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  process.send?.({
    rss,
    heapUsed,
    external,
    cpuMicros: user + system,
    lagP99Ms: delay.percentile(99) / 1e6 - 10,
    lagMaxMs: delay.max / 1e6 - 10,
    uncaught,
    active: llm.gateway.health().active,
  })
  delay.reset()
}, 1_000)
process.on('disconnect', () => process.exit(0))
