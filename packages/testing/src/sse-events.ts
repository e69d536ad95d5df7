/**
 * The events of a recorded stream, each with the blank line that ends it; bytes and line ends (LF,
 * CRLF, CR) stay as they are. What follows the last blank line is the last event.
 */
export function splitEvents(body: Uint8Array): Uint8Array[] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  const events: Uint8Array[] = []
  let start = 0
  for (const match of text.matchAll(/(?:\r\n|\n|\r(?!\n)){2,}/g)) {
    const end = match.index + match[0].length
    events.push(body.subarray(start, end))
    start = end
  }
  if (start < body.length) events.push(body.subarray(start))
  return events
}
