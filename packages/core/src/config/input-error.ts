import type { z } from 'zod'
import { GatewayError } from '../errors.ts'

/** A 400 with every problem of an administrator's input, each with its place. */
export function refused(issues: readonly z.core.$ZodIssue[]): GatewayError {
  const said = issues.map((issue) => {
    const place = issue.path.map(String).join('.')
    if (issue.code === 'unrecognized_keys')
      return `${[place, ...issue.keys].filter(Boolean).join('.')}: there is no such field.`
    const fix = issue.code === 'custom' ? ` ${String(issue.params?.['fix'] ?? '')}` : ''
    return `${place}: ${issue.message}${fix}`
  })
  const [first] = issues
  return new GatewayError('invalid_request', said.join(' '), {
    ...(first !== undefined && { param: first.path.map(String).join('.') }),
  })
}
