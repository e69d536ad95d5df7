/**
 * The gateway: options, request and response types, errors and stores.
 *
 * @module @postern/core
 */
export * from '@postern/core'
