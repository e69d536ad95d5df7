import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { handleNode, type NodeMount } from './node.ts'
import type { GatewayRequest, GatewayResponse } from './request.ts'

export type Answer = (request: GatewayRequest) => GatewayResponse | Promise<GatewayResponse>
export type Host = (
  exchange: { request: IncomingMessage; response: ServerResponse },
  serve: (mount?: NodeMount) => void,
) => unknown

/**
 * Gateways on real ports, for tests: each answers by its script, and all of them end together.
 */
export class NodeServers {
  readonly #servers: Server[] = []
  readonly #unhandled: unknown[] = []
  readonly #onUnhandled = (error: unknown): void => void this.#unhandled.push(error)

  constructor() {
    process.on('unhandledRejection', this.#onUnhandled)
  }

  /** `done` settles with the first request: nothing `handleNode` does may reject. */
  async serve(
    answer: Answer,
    host: Host = (_exchange, go) => go(),
  ): Promise<{ port: number; done: Promise<'served'> }> {
    const done = Promise.withResolvers<'served'>()
    const port = await this.#listen((request, response) => {
      const gateway = { handle: async (incoming: GatewayRequest) => answer(incoming) }
      void host(
        { request, response },
        (mount) =>
          void handleNode(gateway, { request, response }, mount).then(
            () => done.resolve('served'),
            done.reject,
          ),
      )
    })
    return { port, done: done.promise }
  }

  async #listen(listener: RequestListener): Promise<number> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    this.#servers.push(server)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  /** Ends every server; the unhandled rejections. */
  async close(): Promise<readonly unknown[]> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
    await new Promise(setImmediate)
    process.off('unhandledRejection', this.#onUnhandled)
    return this.#unhandled
  }
}

/**
 * A raw client: what it sends is text, what it got is text, and it knows when the connection ends.
 */
export function client(port: number, text: string) {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(received))
  })
  socket.setEncoding('latin1').on('data', (data: string) => void (received += data))
  socket.on('error', () => undefined)
  socket.write(text)
  const saw = async (part: string): Promise<string> => {
    while (!received.includes(part) && !socket.destroyed)
      await Promise.race([once(socket, 'data'), closed])
    return received
  }
  return { socket, closed, saw }
}

export const head = (method: string, headers: string[] = [], path = '/v1/x?y=1'): string =>
  [`${method} ${path} HTTP/1.1`, 'host: h', ...headers, '', ''].join('\r\n')
export const text = (body: string, status = 200): GatewayResponse => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body,
})
