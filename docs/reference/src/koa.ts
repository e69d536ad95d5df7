/**
 * Mounts the gateway in Koa.
 *
 * @module @postern/koa
 */
export * from '@postern/koa'
