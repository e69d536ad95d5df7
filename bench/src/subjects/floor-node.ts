/**
 * The floor: `node:http` and undici, JSON parsed and serialised both ways, streams piped. Nothing
 * else.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { serve } from '../child.ts'
import { createUpstreamClient, readJson, streamHeaders } from './upstream-client.ts'

const callUpstream = createUpstreamClient()

serve(
  createServer((request, response) => {
    proxy(request, response).catch((error: Error) => response.destroy(error))
  }),
)

async function proxy(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readJson(request)
  const answer = await callUpstream(body)
  if (body.stream) {
    response.writeHead(answer.statusCode, streamHeaders)
    return pipeline(answer.body, response)
  }
  const text = JSON.stringify(await answer.body.json())
  response.writeHead(answer.statusCode, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
