/**
 * The proxy a team writes by hand before it has a gateway: Express, its body parser and the global
 * `fetch`.
 */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import express from 'express'
import { serve, upstreamUrl } from '../child.ts'

const app = express()
app.use(express.json())
app.post('/v1/chat/completions', async (request, response) => {
  const answer = await fetch(upstreamUrl() + request.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test-bench' },
    body: JSON.stringify(request.body),
  })
  response.status(answer.status)
  if (!request.body.stream) return void response.json(await answer.json())
  response.type('text/event-stream')
  Readable.fromWeb(answer.body as ReadableStream).pipe(response)
})
serve(createServer(app))
