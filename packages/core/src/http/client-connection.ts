import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * The HTTP/2 stream behind a request or response of Node's compatibility API. The types of
 * `node:http` do not have it, and an HTTP/1.1 response has none.
 */
interface Http2Stream {
  readonly rstCode: number
  readonly closed: boolean
  readonly destroyed: boolean
  readonly writableFinished: boolean
  close(code: number): void
}

function http2StreamOf(response: ServerResponse): Http2Stream | undefined {
  return (response as { readonly stream?: Http2Stream }).stream
}

/** The connection, or in HTTP/2 the stream, is closed: what is written now reaches no client. */
export function isClosed(response: ServerResponse): boolean {
  const stream = http2StreamOf(response)
  return stream === undefined ? response.destroyed : stream.closed || stream.destroyed
}

/**
 * The whole answer has left. Asked when the response has closed: Node ends the streams that an
 * HTTP/2 client resets, so their `writableFinished` alone tells nothing, and `writableEnded` is set
 * only by the gateway.
 */
export function wasAnswered(response: ServerResponse): boolean {
  const stream = http2StreamOf(response)
  if (stream === undefined) return response.writableFinished
  return response.writableEnded && stream.writableFinished && stream.rstCode === NO_ERROR
}

/**
 * The client left before its request was complete. In HTTP/2 such a body ends like one that is
 * complete.
 */
export function wasCutOff(request: IncomingMessage): boolean {
  return request.aborted
}

const NO_ERROR = 0
const INTERNAL_ERROR = 2

/** Breaks the answer off, so that no client takes it for a complete one. */
export function cutOff(response: ServerResponse): void {
  const stream = http2StreamOf(response)
  if (stream === undefined) response.destroy()
  // Destroyed, it would be reset with NO_ERROR, which some clients take for an end.
  else stream.close(INTERNAL_ERROR)
}
