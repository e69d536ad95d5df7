import type { GatewayRequest } from './request.ts'
import { bodyTooLarge } from './body.ts'

export const BOUNDARY = '----a-boundary'

/** A part of a form for tests: name, content, and a file name where it is a file. */
export type Part = readonly [name: string, content: string, fileName?: string]

/** A form as official SDKs write it, in latin1. */
export function formOf(...parts: Part[]): string {
  const written = parts.map(([name, content, fileName]) => {
    const file =
      fileName === undefined
        ? ''
        : `; filename="${fileName}"\r\nContent-Type: application/octet-stream`
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`
  })
  return `${written.join('')}--${BOUNDARY}--\r\n`
}

/** A request whose body comes in pieces, and counts the pieces that were read. */
export function requestOf(
  pieces: readonly (string | Uint8Array)[],
  headers: Record<string, string> = {},
) {
  const asked = { pieces: 0, ended: false }
  const all: Record<string, string> = {
    'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    ...headers,
  }
  const request: GatewayRequest = {
    method: 'POST',
    path: '/',
    search: '',
    header: (name) => all[name],
    headerNames: () => Object.keys(all),
    signal: new AbortController().signal,
    bytes: () => Promise.reject(new Error('a form is not read whole')),
    async *stream(limit) {
      let size = 0
      try {
        for (const piece of pieces) {
          asked.pieces += 1
          size += piece.length
          if (size > limit) throw bodyTooLarge(limit)
          yield typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
        }
      } finally {
        asked.ended = true
      }
    },
  }
  return { request, asked }
}

/** A body of either kind, as text in latin1. */
export async function textOf(
  body: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): Promise<string> {
  if (body === undefined || body instanceof Uint8Array)
    return Buffer.from(body ?? []).toString('latin1')
  let text = ''
  for await (const piece of body) text += Buffer.from(piece).toString('latin1')
  return text
}
