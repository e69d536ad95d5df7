import { announce } from '../child.ts'
import { drive, isLastPiece } from '../load.ts'
import type { Outcome } from '../load.ts'
import { providerModel, providerName, requestBody } from '../traffic.ts'
import type { Traffic } from '../traffic.ts'

/** A `fetch`-shaped way to the models, called in this process the way an SDK calls it. */
export interface InProcessCaller {
  url: string
  key: string
  modelPrefix: '' | 'provider/'
  fetch(request: Request): Promise<Response>
}

/**
 * Does what the main process asks against `caller`, inside this process and without a socket of its
 * own.
 */
export function answerLoads(caller: InProcessCaller): void {
  announce(0, {
    run(load) {
      const body = bodyFor(caller, load.traffic)
      return drive(load, () => callOnce(caller, body))
    },
    async show(traffic) {
      return (await send(caller, bodyFor(caller, traffic))).text()
    },
  })
}

function bodyFor(caller: InProcessCaller, traffic: Traffic): string {
  const model = providerModel(traffic)
  return requestBody(traffic, caller.modelPrefix ? `${providerName(traffic)}/${model}` : model)
}

async function send(caller: InProcessCaller, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${caller.key}` }
  const answer = await caller.fetch(new Request(caller.url, { method: 'POST', headers, body }))
  if (answer.status !== 200)
    throw new Error(`answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
  return answer
}

async function callOnce(caller: InProcessCaller, body: string): Promise<Outcome> {
  const startedAt = performance.now()
  const answer = await send(caller, body)
  if (answer.headers.get('content-type')?.startsWith('text/event-stream'))
    return readStream(answer, startedAt)
  await answer.json()
  return { latencyMs: performance.now() - startedAt, chunks: 1 }
}

async function readStream(answer: Response, startedAt: number): Promise<Outcome> {
  let chunks = 0
  let firstAt = 0
  let last: Uint8Array | undefined
  for await (const chunk of answer.body ?? []) {
    if (chunks === 0) firstAt = performance.now()
    chunks += 1
    last = chunk
  }
  if (!isLastPiece(last)) throw new Error('a stream ended without its closing event')
  return { latencyMs: firstAt - startedAt, chunks }
}
