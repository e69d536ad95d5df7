import type { ErrorCode } from '../../errors.ts'

/**
 * Failures that another target might not share, though nothing says so: a route may go on after
 * them if it is configured to.
 */
export const fallbackReasons = [
  'context_length_exceeded',
  'content_filter',
  'model_not_found',
  'provider_rejected',
  'provider_credentials',
  'answer_too_large',
  'budget_exceeded',
] as const satisfies readonly ErrorCode[]
