import { z } from 'zod'

export function entryName(pattern: RegExp, allowed: string) {
  return z.string().regex(pattern, { error: `A name may hold ${allowed}.` })
}
