import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface BlackHole {
  readonly url: string
  close(): Promise<void>
}

/** Listens with the shortest queue there is. */
const LISTENER = `require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, function () { process.send(this.address().port) })`
/** More than the system ever queues for a backlog of one. */
const FILLERS = 4

/**
 * An address to which connections never open: its server is stopped, and its queue is full.
 */
export async function startBlackHole(): Promise<BlackHole> {
  const listener = spawn(process.execPath, ['-e', LISTENER], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const [port] = (await once(listener, 'message')) as [number]
  listener.kill('SIGSTOP')
  const fillers: Socket[] = []
  for (let at = 0; at < FILLERS; at++)
    fillers.push(connect({ host: '127.0.0.1', port }).on('error', () => undefined))
  // The first two are let in by the system itself: from then on the queue is full.
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, 'connect')))
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      for (const socket of fillers) socket.destroy()
      const gone = once(listener, 'exit')
      listener.kill('SIGKILL')
      await gone
    },
  }
}
