/**
 * Paths are matched as they were written. Decoding or normalising one here would let a request
 * reach an endpoint under a spelling that a guard of the host, which compares the path as it came,
 * does not know.
 */

/** Path and query of an absolute URL, unchanged. A URL that begins with `/` is one already. */
export function targetOf(url: string): string {
  const authority = url.indexOf('://')
  const end = url.indexOf('#')
  const whole = end === -1 ? url : url.slice(0, end)
  if (url.startsWith('/') || authority === -1) return whole
  const start = whole.slice(authority + 3).search(/[/?\\]/)
  if (start === -1) return '/'
  const target = whole.slice(authority + 3 + start)
  return target.startsWith('?') ? `/${target}` : target
}

/**
 * The part of a target below a mount path the framework has matched. Pieces are counted, not
 * compared: the framework may have decoded the mount path before it matched it.
 */
export function belowMount(target: string, mountPath: string): string {
  let start = 0
  for (let pieces = mountPath.split('/').length - 1; pieces > 0 && start !== -1; pieces--)
    start = target.indexOf('/', start + 1)
  const query = target.indexOf('?')
  if (start === -1 || (query !== -1 && start > query))
    return query === -1 ? '/' : `/${target.slice(query)}`
  return target.slice(start)
}

/** @returns the query with its `?` */
export function splitTarget(target: string): { readonly path: string; readonly search: string } {
  const query = target.indexOf('?')
  return query === -1
    ? { path: target, search: '' }
    : { path: target.slice(0, query), search: target.slice(query) }
}

/** How a host has mounted the gateway. */
export interface MountPoint {
  /**
   * The framework has cut off the path it mounts the gateway at: a path the gateway does not serve
   * is answered 404, not passed on.
   */
  readonly isMounted?: boolean
  /**
   * The address of the client, by the host's own trust of proxies. Asked only when a credential is
   * wrong.
   */
  readonly peer?: () => string | undefined
  /**
   * Passes a request on to the host: one outside the gateway's prefix, and one for a path unknown
   * to a gateway at the root.
   */
  readonly fallThrough?: () => void
}

/** Whether an unknown path belongs to the host rather than to a gateway with a path of its own. */
export function sharesRoot(
  gateway: { readonly prefix?: string },
  { isMounted, fallThrough }: MountPoint,
): boolean {
  return fallThrough !== undefined && isMounted !== true && (gateway.prefix ?? '') === ''
}

/** The part of a target below a prefix; `undefined` for a target that is not below it. */
export function belowPrefix(target: string, prefix: string): string | undefined {
  if (prefix === '') return target
  if (!target.startsWith(prefix)) return undefined
  const rest = target.slice(prefix.length)
  if (rest === '' || rest.startsWith('?')) return `/${rest}`
  return rest.startsWith('/') ? rest : undefined
}

/**
 * Empty pieces, backslashes, controls, and pieces of dots only, also with the parameters or the
 * action behind them.
 */
const AMBIGUOUS = /\/\/|\\|[\0-\x20\x7f]|(?:^|\/)\.+(?:[/;:]|$)/
/**
 * Characters that need no escape, backslashes and controls in disguise, and a percent sign that
 * makes a second decoding differ from the first.
 */
const DISGUISED =
  /%(?:2[5de]|3\d|4[1-9a-f]|5[\dacf]|6[1-9a-f]|7[\daef]|[01][\da-f])|%(?![\da-f]{2})/i

/** Whether every server on the way reads this path alike. */
export function isPlainPath(path: string): boolean {
  if (!path.startsWith('/') || AMBIGUOUS.test(path)) return false
  if (!path.includes('%')) return true
  return !DISGUISED.test(path) && !AMBIGUOUS.test(path.replace(/%2f/gi, '/'))
}

/**
 * Usual model names: words with a single dot or slash between them. Checked on every request.
 */
const USUAL_NAME = /^[\w:@-]+(?:[./][\w:@-]+)*$/

/**
 * Whether a name that becomes part of a path, such as a model id, leads nowhere else: see
 * `isPlainPath`.
 */
export function isPlainName(name: string): boolean {
  if (USUAL_NAME.test(name)) return true
  const path = `/${name}`
  if (AMBIGUOUS.test(path.replaceAll(' ', '_'))) return false
  return (
    !name.includes('%') ||
    !AMBIGUOUS.test(
      path.replace(/%(25)*(2e|2f|5c)/gi, (_escape, _percent, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    )
  )
}
