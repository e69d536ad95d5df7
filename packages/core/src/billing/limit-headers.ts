import type { BilledRequest } from './deps.ts'

/**
 * `x-ratelimit-*` of all limits: where both have told of requests, of those of which fewer are
 * left.
 */
export function buildLimitHeaders({
  admitted,
  counted,
}: BilledRequest): Readonly<Record<string, string>> | undefined {
  if (counted === undefined || admitted === undefined)
    return counted?.admitted.headers ?? admitted?.headers
  const [early, late] = [counted.admitted.headers, admitted.headers]
  const left = (headers: Readonly<Record<string, string>>): number =>
    Number(headers['x-ratelimit-remaining-requests'] ?? Number.POSITIVE_INFINITY)
  return left(early) < left(late) ? { ...late, ...early } : { ...early, ...late }
}
