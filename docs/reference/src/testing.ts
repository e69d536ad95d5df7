/**
 * Fake providers, a fault proxy and the conformance suites of adapters and stores.
 *
 * @module @postern/testing
 */
export * from '@postern/testing'
