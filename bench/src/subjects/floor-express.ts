/** The floor inside Express: its own body parser, `res.json`, streams piped. */
import { createServer } from 'node:http'
import { pipeline } from 'node:stream/promises'
import express from 'express'
import { serve } from '../child.ts'
import { createUpstreamClient, streamHeaders } from './upstream-client.ts'
import type { ChatBody } from './upstream-client.ts'

const callUpstream = createUpstreamClient()
const app = express()
app.use(express.json())
app.post('/v1/chat/completions', async (request, response) => {
  const body = request.body as ChatBody
  const answer = await callUpstream(body)
  if (body.stream) {
    response.writeHead(answer.statusCode, streamHeaders)
    return pipeline(answer.body, response)
  }
  response.status(answer.statusCode).json(await answer.body.json())
})
serve(createServer(app))
