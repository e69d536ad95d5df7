import { GatewayError } from '../../errors.ts'

/**
 * RFC 3986, section 3.3: what a segment may hold, so neither controls nor spaces nor `\`, `#`, `?`.
 */
const SEGMENT = /^(?:[\w\-.~!$&'()*+,;=:@]|%[0-9a-f]{2})+$/i
/**
 * Dots, slashes, backslashes and controls in disguise, and the sign that would let a server decode
 * twice.
 */
const DISGUISED = /%(?:2e|2f|5c|25|[01][0-9a-f]|7f)/i
/** Steps upward, also with the parameters that some servers cut off before they look. */
const STEP = /^\.+(?:;|$)/

/**
 * A path below a provider's base URL, as the client wrote it. Throws `unknown_path` for one that
 * any server on the way could read as leading elsewhere: nothing is decoded, mended or normalised,
 * because servers differ in it.
 *
 * @param path the path after `/providers/{name}/`, still percent-encoded
 */
export function nativePath(path: string): string {
  const segments = path.split('/')
  // A slash at the end is part of some addresses.
  if (segments.length > 1 && segments.at(-1) === '') segments.pop()
  for (const segment of segments) {
    if (!SEGMENT.test(segment) || DISGUISED.test(segment) || STEP.test(segment)) {
      throw new GatewayError(
        'unknown_path',
        'The path behind the provider must consist of plain segments: none empty, no "." or "..", no encoded dots, slashes or percent signs.',
      )
    }
  }
  return `/${path}`
}
