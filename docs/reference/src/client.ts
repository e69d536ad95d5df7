/**
 * A `fetch` that goes to the provider directly when the gateway is down.
 *
 * @module @postern/client
 */
export * from '@postern/client'
