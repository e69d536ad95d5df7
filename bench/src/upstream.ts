/**
 * The fake provider, in a process of its own, as cheap as can be so that it is never the bottleneck: answers are
 * prebuilt buffers, and each event of a stream is its own write in its own turn of the event loop.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serve } from './child.ts'
import { anthropicStream, openaiJson, openaiStream, openaiStreamWithUsage, pacedModel } from './traffic.ts'

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => answer(request, response, Buffer.concat(parts)))
})
// Longer than any pause between two turns of one subject, so that no turn pays for connections the pause has closed.
server.keepAliveTimeout = 120_000
serve(server)

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  if (request.url === '/v1/messages') return sendStream(response, anthropicStream, setImmediate)
  if (request.url !== '/v1/chat/completions') return sendNotFound(response)
  if (!/"stream":\s*true/.test(body.toString('latin1'))) return sendJson(response)
  const events = body.includes('"include_usage":true') ? openaiStreamWithUsage : openaiStream
  sendStream(response, events, body.includes(pacedModel) ? inAMillisecond : setImmediate)
}

function inAMillisecond(work: () => void): void {
  setTimeout(work, 1)
}

function sendNotFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'application/json' })
  response.end('{"error":{"message":"the fake upstream has no such path","type":"invalid_request_error"}}')
}

function sendJson(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': openaiJson.length })
  response.end(openaiJson)
}

function sendStream(response: ServerResponse, events: readonly Buffer[], schedule: (work: () => void) => void): void {
  response.socket?.setNoDelay(true)
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  let position = 0
  const writeNext = (): void => {
    const event = events[position]
    position += 1
    if (response.destroyed) return
    if (event === undefined) return void response.end()
    response.write(event)
    schedule(writeNext)
  }
  writeNext()
}
