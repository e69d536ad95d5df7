import type { Caller } from './caller.ts'

/** Whether the caller may use what is at this path. */
export function mayCall({ endpoints }: Pick<Caller, 'endpoints'>, path: string): boolean {
  return (
    endpoints?.some((allowed) =>
      allowed.endsWith('*') ? path.startsWith(allowed.slice(0, -1)) : path === allowed,
    ) ?? true
  )
}
