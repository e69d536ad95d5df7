/** An Express host in a process of its own, for tests that take something away from it. Says its port, then what it did not catch. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gateway } from '@postern/express'
import express from 'express'

process.on('uncaughtException', (error) => process.send?.({ uncaught: String(error) }))
process.on('unhandledRejection', (error) => process.send?.({ uncaught: String(error) }))

const { UPSTREAM = '', KEY = '' } = process.env
const app = express()
app.use('/llm', gateway({ providers: { main: { baseUrl: UPSTREAM, apiKey: 'test' } }, keys: { web: KEY }, log: 'silent', circuitBreaker: 'off', retries: 0 }))
app.get('/host', (_request, response) => void response.send('host'))
const server = createServer(app).listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit(0))
