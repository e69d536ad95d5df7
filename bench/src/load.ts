import type { Pool } from 'undici'
import { percentile } from './figures.ts'
import { endings } from './pairs.ts'
import type { Traffic } from './traffic.ts'

/** A fixed amount of work: how many requests of which kind, and how many of them at once. */
export interface Load {
  traffic: Traffic
  requests: number
  concurrency: number
}

export interface LoadResult {
  p50Ms: number
  p99Ms: number
  chunksPerAnswer: number
}

/**
 * One finished request: its latency (whole answer for JSON, first event for streams) and the pieces
 * it came in.
 */
export interface Outcome {
  latencyMs: number
  chunks: number
}

export interface Post {
  path: string
  headers: Record<string, string>
  body: string
}

/**
 * Makes `load.requests` calls, `load.concurrency` at a time, each lane starting its next call when
 * one is done.
 */
export async function drive(load: Load, call: () => Promise<Outcome>): Promise<LoadResult> {
  const latencies: number[] = []
  let started = 0
  let chunks = 0
  const lane = async (): Promise<void> => {
    while (started < load.requests) {
      started += 1
      const outcome = await call()
      latencies.push(outcome.latencyMs)
      chunks += outcome.chunks
    }
  }
  await Promise.all(Array.from({ length: load.concurrency }, lane))
  return {
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    chunksPerAnswer: chunks / load.requests,
  }
}

/**
 * Posts over the pool and reads the answer to its end; anything but a complete 200 is an error,
 * never a fast result.
 */
export async function postOnce(pool: Pool, post: Post): Promise<Outcome> {
  const startedAt = performance.now()
  const answer = await pool.request({
    method: 'POST',
    path: post.path,
    headers: post.headers,
    body: post.body,
  })
  if (answer.statusCode !== 200) {
    throw new Error(`answered ${answer.statusCode}: ${(await answer.body.text()).slice(0, 300)}`)
  }
  const isStream = String(answer.headers['content-type']).startsWith('text/event-stream')
  return new Promise((resolve, reject) => {
    let chunks = 0
    let firstAt = 0
    let last: Buffer | undefined
    answer.body.on('data', (chunk: Buffer) => {
      if (chunks === 0) firstAt = performance.now()
      chunks += 1
      last = chunk
    })
    answer.body.on('error', reject)
    answer.body.on('end', () => {
      if (isStream && !isLastPiece(last))
        return reject(new Error('a stream ended without its closing event'))
      resolve({ latencyMs: (isStream ? firstAt : performance.now()) - startedAt, chunks })
    })
  })
}

/**
 * Whether the stream of any dialect has its closing event; the last event of some holds the whole
 * answer once more.
 */
export function isLastPiece(piece: Uint8Array | undefined): boolean {
  const tail = Buffer.from(piece ?? [])
    .subarray(-4096)
    .toString('latin1')
  return Object.values(endings).some((ending) => tail.includes(ending))
}
