/**
 * Shares limits, budgets, target health and managed keys between instances, on Redis.
 *
 * @module @postern/redis
 */
export * from '@postern/redis'
