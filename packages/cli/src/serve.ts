import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, createGateway } from '@postern/core'
import { handleNode } from '@postern/core/node'
import { UsageError } from './usage-error.ts'

export interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly config: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock?: Clock | undefined
}

/** Above the minute for which load balancers commonly keep idle connections. */
const KEEP_ALIVE_MS = 75_000
/** Time for the requests under way once the process is asked to end. */
const GRACE_MS = 30_000

/**
 * The gateway as a server of its own. Throws `ConfigurationError`; rejects with `UsageError` when
 * the port is taken.
 */
export async function serve({
  port,
  host,
  config,
  environment,
  clock,
}: ServeOptions): Promise<{ readonly url: string; close(): Promise<void> }> {
  const gateway = createGateway(config === undefined ? {} : { config }, {
    environment,
    ...(clock && { clock }),
  })
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => void handleNode(gateway, { request, response }),
  )
  server.listen(port, host)
  await once(server, 'listening').catch(async (error: NodeJS.ErrnoException) => {
    await gateway.close({ graceMs: 0 })
    if (error.code === 'EADDRINUSE')
      throw new UsageError(`Port ${port} of ${host} is taken: choose another with --port.`)
    throw error
  })
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      await gateway.close({ graceMs: GRACE_MS })
      server.closeAllConnections()
    },
  }
}
