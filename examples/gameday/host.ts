/**
 * The host of a game day: an Express server with the gateway in it, configured by its environment,
 * killed without warning.
 */
import type { AddressInfo } from 'node:net'
import { gateway } from '@postern/express'
import express from 'express'

const app = express()
app.use('/llm', gateway({ log: 'error' }))
app.get('/host', (_request, response) => void response.send('host'))
const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
