import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A server that sends scripted bytes, which no HTTP library would send. */
export interface RawUpstream {
  readonly url: string
  /** Connections so far. */
  readonly connections: () => number
  close(): Promise<void>
}

/**
 * `answer` is called when the head of a request, and the body it announces, have come; or at once
 * with `onAccept`.
 */
export async function startRawUpstream(
  answer: (socket: Socket) => void,
  options: { readonly onAccept?: boolean } = {},
): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // The peer may still be writing when its connection is closed.
    socket.on('error', () => undefined)
    if (options.onAccept === true) answer(socket)
    else afterRequest(socket, answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function afterRequest(socket: Socket, answer: (socket: Socket) => void): void {
  let seen = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk])
    const end = seen.indexOf('\r\n\r\n')
    if (end === -1) return
    const length = Number(
      /content-length: (\d+)/i.exec(seen.subarray(0, end).toString('latin1'))?.[1] ?? 0,
    )
    if (seen.length < end + 4 + length) return
    seen = Buffer.alloc(0)
    answer(socket)
  }
  socket.on('data', onData)
}
