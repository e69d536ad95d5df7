const FORBIDDEN = /[^a-zA-Z0-9_-]/g

/**
 * An id as this dialect allows it; other providers use more characters. The same rule on calls and
 * results keeps pairs.
 */
export function wireToolId(id: string): string {
  return id.replace(FORBIDDEN, '_')
}
