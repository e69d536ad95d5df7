/**
 * The provider of a soak: streams at a steady pace, and now and then what providers do at their
 * worst.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const events = Number(process.env.EVENTS)
const paceMs = Number(process.env.PACE_MS)
const faultShare = Number(process.env.FAULTS)

const chunk = (delta: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-soak', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const word = chunk({ content: 'word ' })
const last = `${chunk({}, 'stop')}data: [DONE]\n\n`
const faults: readonly ((response: ServerResponse) => void)[] = [
  (response) =>
    void response
      .writeHead(503, { 'content-type': 'application/json' })
      .end('{"error":{"message":"overloaded"}}'),
  (response) => void response.socket?.resetAndDestroy(),
  (response) => void setTimeout(() => response.socket?.resetAndDestroy(), paceMs * 5),
  (response) => void setTimeout(() => response.write('data: {"half":\n\n'), paceMs * 5),
  (response) =>
    void setTimeout(
      () => response.write('event: error\ndata: {"error":{"message":"overloaded","code":503}}\n\n'),
      paceMs * 5,
    ),
]

/**
 * All streams are served by one timer: what is measured is the gateway, not the provider's own
 * timers.
 */
const running = new Set<{ readonly response: ServerResponse; left: number }>()
setInterval(() => {
  for (const stream of running) {
    stream.left -= 1
    if (stream.left > 0) stream.response.write(word)
    else {
      running.delete(stream)
      stream.response.end(last)
    }
  }
}, paceMs)

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const fault =
      Math.random() < faultShare ? faults[Math.floor(Math.random() * faults.length)] : undefined
    if (fault === faults[0] || fault === faults[1]) return fault?.(response)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(word)
    const stream = { response, left: events }
    running.add(stream)
    response.on('close', () => running.delete(stream))
    fault?.(response)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
)
process.on('disconnect', () => process.exit(0))
