import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from './clock.ts'
import type { Faults } from './faults.ts'
import type { Piece, WirePlan } from './plan.ts'
import { sliceWrites } from './slices.ts'

export interface WriteTarget {
  readonly response: ServerResponse
  readonly clock: Clock
  /** Aborts when the connection has gone; every wait ends with it. */
  readonly signal: AbortSignal
  /** Called when the provider itself is about to close the connection early. */
  beforeCut(): void
}

/**
 * Sends a planned answer in the writes and at the pace the faults ask for. Resolves when nothing
 * more will be sent.
 */
export async function writePlan(
  plan: WirePlan,
  faults: Faults,
  target: WriteTarget,
): Promise<void> {
  const { response, signal } = target
  response.writeHead(plan.status, headersOf(plan, faults))
  response.flushHeaders()
  await writeBody(plan, faults, target)
  if (signal.aborted) return
  switch (plan.ending) {
    case 'end':
      return void response.end()
    case 'hang':
      return untilGone(signal)
    default:
      target.beforeCut()
      cutConnection(response, plan.ending)
      return untilGone(signal)
  }
}

/** Closes the connection under a response; what was written before has left. */
export function cutConnection(response: ServerResponse, how: 'fin' | 'rst'): void {
  if (how === 'rst') response.socket?.resetAndDestroy()
  else response.socket?.end()
}

/** Resolves when the connection has gone. */
export function untilGone(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/**
 * A body known as a whole is sent with its length, so that a cut is a cut in the middle of a
 * promised length.
 */
function headersOf(plan: WirePlan, faults: Faults): Record<string, string | number> {
  if (!Array.isArray(plan.pieces) || plan.pieces.length > 1) return plan.headers
  if (plan.headers['content-type']?.includes('event-stream') && faults.emptyBody !== true)
    return plan.headers
  const length = plan.pieces.reduce((sum: number, piece: Piece) => sum + piece.bytes.length, 0)
  return { 'content-length': length, ...plan.headers }
}

async function writeBody(plan: WirePlan, faults: Faults, target: WriteTarget): Promise<void> {
  let left = plan.byteLimit
  let isFirstWrite = true
  for await (const bytes of paced(plan.pieces, faults, target)) {
    for (const slice of bytes) {
      if (left <= 0) return
      if (!isFirstWrite && faults.slowDrip !== undefined)
        await target.clock.sleep(faults.slowDrip.everyMs, target.signal)
      if (target.signal.aborted) return
      isFirstWrite = false
      await writeFlushed(target, slice.subarray(0, left))
      left -= slice.length
    }
  }
}

/**
 * Bodies without waiting places are cut as one run of bytes, so that writes need not end where
 * events do.
 */
async function* paced(
  pieces: Iterable<Piece>,
  faults: Faults,
  target: WriteTarget,
): AsyncGenerator<Iterable<Uint8Array>> {
  const { gate, pauseBetweenEventsMs: pauseMs } = faults
  if (gate === undefined && pauseMs === undefined) return yield sliceWrites(bytesOf(pieces), faults)
  let isFirst = true
  for (const piece of pieces) {
    if (gate !== undefined && piece.opensStep) await gate.pass(target.signal)
    if (pauseMs !== undefined && !isFirst) await target.clock.sleep(pauseMs, target.signal)
    if (target.signal.aborted) return
    isFirst = false
    yield sliceWrites([piece.bytes], faults)
  }
}

function* bytesOf(pieces: Iterable<Piece>): Generator<Uint8Array> {
  for (const piece of pieces) yield piece.bytes
}

/**
 * Waits until the bytes have left for the kernel, so that each write is a segment of its own and a
 * slow reader is felt.
 */
async function writeFlushed({ response, signal }: WriteTarget, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    response.write(bytes, done)
  })
  await nextTurn()
}
