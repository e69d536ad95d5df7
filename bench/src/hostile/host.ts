/**
 * A host with a gateway in a process of its own: says how long its event loop was held, in CPU of
 * its thread and by the clock.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway } from '@postern/core'
import { handleNode } from '@postern/core/node'

/** Figures that the host reports to the measuring process. */
export interface Held {
  /** Longest time between two turns: CPU of the thread, and by the clock, in milliseconds. */
  readonly cpuMs: number
  readonly wallMs: number
  readonly rssBytes: number
}

const [upstream = '', key = ''] = process.argv.slice(2)
const provider = (
  dialect: 'openai-chat' | 'anthropic-messages' | 'openai-responses' | 'gemini',
) => ({ baseUrl: upstream, apiKey: 'the-key-of-the-provider', dialect })
const gateway = createGateway({
  providers: {
    chat: provider('openai-chat'),
    messages: provider('anthropic-messages'),
    responses: provider('openai-responses'),
    gemini: provider('gemini'),
  },
  keys: { bench: key },
  log: 'silent',
  retries: 0,
  // A breaker that opens would answer for the provider: what is measured is what its answers cost.
  circuitBreaker: 'off',
})
const server = createServer((request, response) => void handleNode(gateway, { request, response }))

let cpuMs = 0
let wallMs = 0
let rssBytes = 0
let before = { cpu: threadCpuMs(), wall: performance.now() }
setInterval(() => {
  const now = { cpu: threadCpuMs(), wall: performance.now() }
  cpuMs = Math.max(cpuMs, now.cpu - before.cpu)
  wallMs = Math.max(wallMs, now.wall - before.wall)
  rssBytes = Math.max(rssBytes, process.memoryUsage.rss())
  before = now
}, 1)

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

process.on('message', () => {
  process.send?.({ cpuMs, wallMs, rssBytes } satisfies Held)
  globalThis.gc?.()
  cpuMs = wallMs = 0
  rssBytes = process.memoryUsage.rss()
  before = { cpu: threadCpuMs(), wall: performance.now() }
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
