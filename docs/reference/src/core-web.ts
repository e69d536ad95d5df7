/**
 * Connects a gateway to web-standard `Request` and `Response`.
 *
 * @module @postern/core/web
 */
export * from '@postern/core/web'
