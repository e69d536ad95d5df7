import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Load, LoadResult } from './load.ts'
import type { Traffic } from './traffic.ts'

/** Questions of the main process to a child; each gets exactly one answer, in order. */
export type Question =
  | { type: 'usage' }
  | { type: 'run'; load: Load }
  | { type: 'show'; traffic: Traffic }

export type Answer =
  | { type: 'ready'; port: number }
  | { type: 'usage'; cpuMicros: number; memoryBytes: number }
  | { type: 'ran'; result: LoadResult }
  | { type: 'shown'; body: string }
  | { type: 'failed'; reason: string }

/** Work of a child that is called in process, without a socket. */
export interface InProcessWork {
  run(load: Load): Promise<LoadResult>
  /** One whole answer as text, for the check that it is right. */
  show(traffic: Traffic): Promise<string>
}

/** The upstream's address, handed to every subject as its first argument. */
export function upstreamUrl(): string {
  const url = process.argv[2]
  if (!url)
    throw new Error(
      'this file is started by bench/src/main.ts, with the upstream address as its argument',
    )
  return url
}

/** Listens on a free loopback port and tells the main process which. */
export function serve(server: Server): void {
  server.listen(0, '127.0.0.1', () => announce((server.address() as AddressInfo).port))
}

/** Says that this process is ready, then answers questions until the main process goes away. */
export function announce(port: number, work?: InProcessWork): void {
  const send = (answer: Answer): void => void process.send?.(answer)
  process.on('disconnect', () => process.exit(0))
  process.on('message', (question: Question) => {
    reply(question, work).then(send, (error: unknown) =>
      send({ type: 'failed', reason: String(error) }),
    )
  })
  send({ type: 'ready', port })
}

async function reply(question: Question, work: InProcessWork | undefined): Promise<Answer> {
  if (question.type === 'usage') return usage()
  if (!work) throw new Error('this process serves HTTP and runs no load of its own')
  if (question.type === 'run') return { type: 'ran', result: await work.run(question.load) }
  return { type: 'shown', body: await work.show(question.traffic) }
}

/**
 * CPU time from the operating system: every thread counts, so collector and compiler work is not
 * hidden.
 */
function usage(): Answer {
  const { user, system } = process.cpuUsage()
  return { type: 'usage', cpuMicros: user + system, memoryBytes: process.memoryUsage.rss() }
}
