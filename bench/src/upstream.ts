/**
 * The fake provider, in a process of its own, as cheap as can be so that it is never the
 * bottleneck: answers are prebuilt buffers, and each event of a stream is its own write in its own
 * turn of the event loop.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serve } from './child.ts'
import { recordPairStreams } from './pair-streams.ts'
import type { ProviderDialect } from './pairs.ts'
import {
  anthropicJson,
  anthropicStream,
  openaiJson,
  openaiStream,
  openaiStreamWithUsage,
  pacedModel,
} from './traffic.ts'

const pairStreams = await recordPairStreams()

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => answer(request, response, Buffer.concat(parts)))
})
// Longer than any pause between two turns of one subject, so that no turn pays for connections the
// pause has closed.
server.keepAliveTimeout = 120_000
serve(server)

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const dialect = dialects.find(([path]) => path.test(request.url ?? ''))?.[1]
  if (dialect === undefined) return sendNotFound(response)
  // The model of a pair stands in the body or, for some dialects, in the path.
  if (body.includes('"pair-model"') || request.url?.includes('pair-model')) {
    const stream = pairStreams.get(dialect)
    return stream === undefined
      ? sendNotFound(response)
      : sendStream(response, stream.events, {
          schedule: setImmediate,
          contentType: stream.contentType,
        })
  }
  const isStream = /"stream":\s*true/.test(body.toString('latin1'))
  if (dialect === 'anthropic-messages')
    return isStream
      ? sendStream(response, anthropicStream, { schedule: setImmediate })
      : sendJson(response, anthropicJson)
  if (!isStream) return sendJson(response, openaiJson)
  const events = body.includes('"include_usage":true') ? openaiStreamWithUsage : openaiStream
  sendStream(response, events, {
    schedule: body.includes(pacedModel) ? inAMillisecond : setImmediate,
  })
}

/** Dialects by path. */
const dialects: readonly (readonly [RegExp, ProviderDialect])[] = [
  [/^\/v1\/chat\/completions$/, 'openai-chat'],
  [/^\/v1\/responses$/, 'openai-responses'],
  [/^\/v1\/messages$/, 'anthropic-messages'],
  [/^\/v1(beta)?\/models\/[^:]+:streamGenerateContent/, 'gemini'],
  [/^\/model\/[^/]+\/converse-stream$/, 'bedrock-converse'],
  [/^\/v2\/chat$/, 'cohere'],
]

function inAMillisecond(work: () => void): void {
  setTimeout(work, 1)
}

function sendNotFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'application/json' })
  response.end(
    '{"error":{"message":"the fake upstream has no such path","type":"invalid_request_error"}}',
  )
}

function sendJson(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
}

interface Sending {
  schedule: (work: () => void) => void
  contentType?: string
}

function sendStream(
  response: ServerResponse,
  events: readonly Buffer[],
  { schedule, contentType = 'text/event-stream; charset=utf-8' }: Sending,
): void {
  response.socket?.setNoDelay(true)
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache' })
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
