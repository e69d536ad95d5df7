import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/**
 * A base URL on loopback where nothing listens: connections are refused. @param path appended to
 * the origin
 */
export async function refusedUrl(path = ''): Promise<string> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}${path}`
}

/** A server that accepts connections and never says a byte. */
export interface SilentServer {
  /**
   * An `https` origin: its TLS handshake never ends, which is how a connect timeout can be seen on
   * loopback.
   */
  readonly url: string
  /** Ends every connection; idempotent. */
  close(): Promise<void>
}

/** Starts a server on loopback that accepts connections and never says a byte. */
export async function startSilentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}
