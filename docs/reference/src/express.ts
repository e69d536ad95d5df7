/**
 * Mounts the gateway in Express.
 *
 * @module @postern/express
 */
export * from '@postern/express'
