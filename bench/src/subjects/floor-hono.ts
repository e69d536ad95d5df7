/**
 * The floor inside Hono on Node: `c.req.json`, `c.json`, and streams piped straight into the Node
 * response.
 */
import { createServer } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { getRequestListener } from '@hono/node-server'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { serve } from '../child.ts'
import { createUpstreamClient, streamHeaders } from './upstream-client.ts'
import type { ChatBody } from './upstream-client.ts'

const callUpstream = createUpstreamClient()
const app = new Hono<{ Bindings: HttpBindings }>()
app.post('/v1/chat/completions', async (c) => {
  const body = await c.req.json<ChatBody>()
  const answer = await callUpstream(body)
  if (body.stream) {
    c.env.outgoing.writeHead(answer.statusCode, streamHeaders)
    await pipeline(answer.body, c.env.outgoing)
    return RESPONSE_ALREADY_SENT
  }
  return c.json((await answer.body.json()) as object, answer.statusCode as ContentfulStatusCode)
})
serve(createServer(getRequestListener(app.fetch)))
