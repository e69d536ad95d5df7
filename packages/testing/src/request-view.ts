import type { JsonObject } from './json.ts'

/** Facts of a request of any dialect that a scripted answer may depend on. */
export interface RequestView {
  readonly model: string
  /** The client asked for a stream. */
  readonly stream: boolean
  /** Text of the last user message that has any, `''` without one. */
  readonly lastUserText: string
  /** Media of the last user message. */
  readonly media: readonly MediaSeen[]
  /**
   * The tools this answer may call: none when the request forbids calls, only the named ones when
   * it names some.
   */
  readonly tools: readonly OfferedTool[]
  /** The request forces a tool call. */
  readonly mustCallTool: boolean
  /** Several calls in one answer are allowed. */
  readonly parallelToolCalls: boolean
  /** Results that follow the last assistant message, in order. */
  readonly toolResults: readonly string[]
  /** The request asks for JSON. */
  readonly wantsJson: boolean
  /** JSON Schema of the answer asked for. */
  readonly responseSchema: JsonObject | undefined
}

export interface OfferedTool {
  readonly name: string
  /** JSON Schema of the arguments; `{}` when the tool has none. */
  readonly parameters: JsonObject
}

export type MediaSeen =
  | { readonly mediaType: string; readonly bytes: number }
  | { readonly url: string }

/** Media given as a `data:` URL or an address. */
export function mediaFromUrl(url: string): MediaSeen {
  const data = /^data:([^;,]+)(?:;[^;,]*)*;base64,(.*)$/s.exec(url)
  return data === null ? { url } : mediaFromBase64(data[1] ?? '', data[2] ?? '')
}

/** Media given as base64 with its type. */
export function mediaFromBase64(mediaType: string, data: string): MediaSeen {
  return { mediaType, bytes: Buffer.from(data, 'base64').length }
}
