/**
 * An Express host in a process of its own, for tests that take something away from it. Says its
 * port, then what it did not catch.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gateway } from '@postern/express'
import { redisStore } from '@postern/redis'
import express from 'express'

process.on('uncaughtException', (error) => process.send?.({ uncaught: String(error) }))
process.on('unhandledRejection', (error) => process.send?.({ uncaught: String(error) }))

const { UPSTREAM = '', KEY = '', REDIS, SQLITE, TIMEOUT = '10m' } = process.env
const store =
  REDIS !== undefined
    ? redisStore({ url: REDIS, prefix: 'starved' })
    : SQLITE === undefined
      ? undefined
      : `sqlite:${SQLITE}`
const limits =
  store === undefined
    ? {}
    : {
        store,
        limits: [
          { unit: 'concurrency' as const, limit: 2, scope: 'all' as const },
          {
            unit: 'tokens' as const,
            window: 'total' as const,
            limit: 1_000_000,
            scope: 'all' as const,
          },
        ],
      }
const app = express()
app.use(
  '/llm',
  gateway({
    providers: { main: { baseUrl: UPSTREAM, apiKey: 'test' } },
    keys: { web: KEY },
    log: 'silent',
    circuitBreaker: 'off',
    retries: 0,
    timeout: TIMEOUT,
    ...limits,
  }),
)
app.get('/host', (_request, response) => void response.send('host'))
const server = createServer(app).listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
)
process.on('disconnect', () => process.exit(0))
