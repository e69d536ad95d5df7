import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http'
import { CONFORMANCE_KEY } from './harness.ts'

/** An answer read whole. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export interface ChatCall {
  readonly url: string
  /** Sent as it is in place of the path of `url`, which is normalised. */
  readonly rawPath?: string
  /** @default a greeting for `fake/model` */
  readonly body?: unknown
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** @default a connection of its own */
  readonly agent?: Agent
}

const greeting = { model: 'fake/model', messages: [{ role: 'user', content: 'Hello' }] }

/** A chat completion request on the way: the caller decides when to read and when to leave. */
export function openChat(call: ChatCall): {
  readonly request: ClientRequest
  readonly response: Promise<IncomingMessage>
} {
  const request = httpRequest(call.url, {
    method: call.method ?? 'POST',
    ...(call.rawPath !== undefined && { path: call.rawPath }),
    agent: call.agent ?? false,
    headers: {
      authorization: `Bearer ${CONFORMANCE_KEY}`,
      'content-type': 'application/json',
      ...call.headers,
    },
  })
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.on('response', resolve)
  request.on('error', reject)
  // A client that leaves on purpose does not wait for the answer.
  promise.catch(() => undefined)
  if (call.method === 'GET') request.end()
  else
    request.end(typeof call.body === 'string' ? call.body : JSON.stringify(call.body ?? greeting))
  return { request, response: promise }
}

export async function chat(call: ChatCall): Promise<Answer> {
  const response = await openChat(call).response
  let text = ''
  response.setEncoding('utf8')
  for await (const chunk of response) text += chunk as string
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

export function streamed(extra: object = {}): object {
  return { ...greeting, stream: true, ...extra }
}

/** Reads until `text` has arrived; what has arrived so far is returned. */
export async function readUntil(response: IncomingMessage, text: string): Promise<string> {
  response.setEncoding('utf8')
  let seen = ''
  while (!seen.includes(text)) {
    const chunk: unknown = response.read()
    if (typeof chunk === 'string') seen += chunk
    else if (response.readableEnded)
      throw new Error(
        `The answer ended before ${JSON.stringify(text)}; it was ${JSON.stringify(seen)}.`,
      )
    else await readableOrEnd(response)
  }
  return seen
}

function readableOrEnd(response: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      for (const name of ['readable', 'end'] as const) response.off(name, done)
      response.off('error', reject)
      resolve()
    }
    for (const name of ['readable', 'end'] as const) response.on(name, done)
    response.on('error', reject)
  })
}
