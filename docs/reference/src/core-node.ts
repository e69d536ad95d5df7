/**
 * Connects a gateway to `node:http`. Adapters for Node frameworks use it.
 *
 * @module @postern/core/node
 */
export * from '@postern/core/node'
