import type { IncomingMessage } from 'node:http'
import { Agent } from 'undici'
import type { Dispatcher } from 'undici'
import { upstreamUrl } from '../child.ts'

/** Fields of a chat request that the floors read. */
export interface ChatBody {
  stream?: boolean
}

export const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
}

/** The cheapest sound way to call the upstream: `Agent.request` with a freshly serialised body. */
export function createUpstreamClient(): (body: ChatBody) => Promise<Dispatcher.ResponseData> {
  const agent = new Agent({ connections: 128 })
  const origin = upstreamUrl()
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-test-bench' }
  return (body) =>
    agent.request({
      origin,
      path: '/v1/chat/completions',
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
}

/** Reads and parses a request body with nothing in between. */
export function readJson(request: IncomingMessage): Promise<ChatBody> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('error', reject)
    request.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString()) as ChatBody))
  })
}
