import { GatewayError } from '../errors.ts'
import { jsonErrorOffset } from './error-offset.ts'
import { type JsonLimits, JsonSyntaxError, scanJson, SMALL_JSON_BYTES } from './scan.ts'
import { parseSliced } from './parse-sliced.ts'
import { checkDepth } from './structure.ts'
import type { Turns } from './turns.ts'

const decoder = new TextDecoder()

/**
 * The value of a JSON text from outside, which holds the event loop for some milliseconds at most:
 * a small text is parsed at once, a larger one must be an object, is parsed in slices, and comes as
 * a promise. Throws `invalid_request` for more structure than `limits` allow, and `JsonSyntaxError`
 * for what is no JSON.
 */
export function parseOutside(bytes: Uint8Array, limits: JsonLimits, turns: Turns): unknown {
  if (bytes.length > SMALL_JSON_BYTES) return parseSliced(bytes, limits, turns)
  const value = parseText(decoder.decode(bytes))
  checkDepth(value, limits)
  return value
}

/** No text of this size is nested so deep that a recursion could not follow. */
const SHALLOW_LENGTH = 1024

/** Text that is parsed in one go, as the data of an event is. Throws as `parseOutside` does. */
export function parseOutsideText(text: string, limits: JsonLimits): unknown {
  if (text.length <= SHALLOW_LENGTH) return parseText(text)
  if (text.length > SMALL_JSON_BYTES) {
    const steps = scanJson(Buffer.from(text.trimStart()), limits)
    while (steps.next().done !== true) continue
    return parseText(text)
  }
  const value = parseText(text)
  checkDepth(value, limits)
  return value
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new JsonSyntaxError(jsonErrorOffset(text))
  }
}

/**
 * The refusal of a client's text: what stands where, by lines where the text is small enough to be
 * looked at again.
 */
export function invalidJson({ at }: JsonSyntaxError, bytes: Uint8Array): GatewayError {
  if (bytes.length > SMALL_JSON_BYTES)
    return new GatewayError(
      'invalid_json',
      `The request body is not valid JSON: unexpected ${at >= bytes.length ? 'end of input' : `byte 0x${bytes[at]?.toString(16).padStart(2, '0')}`} at byte ${at}.`,
    )
  const text = decoder.decode(bytes)
  let line = 1
  let lineStart = 0
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', lineStart)) {
    line += 1
    lineStart = end + 1
  }
  const found = at >= text.length ? 'end of input' : `character ${JSON.stringify(text[at])}`
  return new GatewayError(
    'invalid_json',
    `The request body is not valid JSON: unexpected ${found} at position ${at} (line ${line}, column ${at - lineStart + 1}).`,
  )
}
