/**
 * The provider of `npx -y pnpm@12 resilience`. The model asked for says what it does: a fault by
 * its name, `endless` for a stream that only ends when the client hangs up (which it tells its
 * parent, with the time), `flood` for as many bytes as are taken.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

const chunk = (content: string): string =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`
const word = chunk('word ')
const page = chunk('x'.repeat(60_000))
const bomb = gzipSync(Buffer.alloc(50_000_000))

function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(word)
}

/** Writes as much as the client reads, up to `bytes`. */
function pour(response: ServerResponse, piece: string, bytes: number): void {
  let left = bytes
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= piece.length
      if (!response.write(piece)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}

const behaviours: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'status-500': (response) => void response.writeHead(500).end('{"error":{"message":"broken"}}'),
  'status-429': (response) =>
    void response.writeHead(429, { 'retry-after': '0' }).end('{"error":{"message":"slow down"}}'),
  html: (response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
  reset: (response) => void response.socket?.resetAndDestroy(),
  'large-header': (response) =>
    void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(200_000)}\r\n\r\n`),
  bomb: (response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      .end(bomb),
  'endless-json': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    pour(response, ' '.repeat(65_536), 200_000_000)
  },
  'endless-event': (response) => {
    openStream(response)
    pour(response, 'a'.repeat(65_536), 200_000_000)
  },
  garbage: (response) => {
    openStream(response)
    response.end('data: {"half":\n\n')
  },
  'error-event': (response) => {
    openStream(response)
    response.end('data: {"error":{"message":"overloaded","code":503}}\n\n')
  },
  cut: (response) => {
    openStream(response)
    setTimeout(() => response.socket?.resetAndDestroy(), 20)
  },
  silence: openStream,
  whole: (response) => {
    openStream(response)
    response.end(`${word.repeat(50)}${chunk('').replace('null', '"stop"')}data: [DONE]\n\n`)
  },
  endless: (response) => {
    openStream(response)
    const timer = setInterval(() => response.write(word), 20)
    response.on('close', () => {
      clearInterval(timer)
      process.send?.({ closedAt: Date.now() + (performance.now() % 1) })
    })
  },
  flood: (response) => {
    openStream(response)
    pour(response, page, 200_000_000)
  },
}

const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (text: string) => (body += text))
  request.on('end', () => behaviours[(JSON.parse(body) as { model: string }).model]?.(response))
  response.on('error', () => undefined)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () =>
  process.send?.({
    port: (server.address() as AddressInfo).port,
    behaviours: Object.keys(behaviours),
  }),
)
process.on('disconnect', () => process.exit(0))
