/**
 * Mounts the gateway in Hono.
 *
 * @module @postern/hono
 */
export * from '@postern/hono'
