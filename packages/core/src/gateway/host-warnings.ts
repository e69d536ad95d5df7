import type { Core } from './parts.ts'
import type { GatewayRequest } from '../http/index.ts'

/**
 * Load balancers commonly keep idle connections for a minute, and answer 502 for requests on one
 * that the server has just closed.
 */
const SHORTEST_KEEP_ALIVE_MS = 65_000

export function lookAtHost(core: Core, { keepAliveTimeoutMs }: GatewayRequest): void {
  if (core.state.hasLookedAtHost) return
  core.state.hasLookedAtHost = true
  if (
    keepAliveTimeoutMs === undefined ||
    keepAliveTimeoutMs === 0 ||
    keepAliveTimeoutMs >= SHORTEST_KEEP_ALIVE_MS
  )
    return
  core.log.warn('host keep-alive timeout too short', {
    keepAliveTimeoutMs,
    effect: 'load balancers that keep idle connections longer answer 502 now and then',
    fix: "set server.keepAliveTimeout above the load balancer's idle timeout, such as 65000",
  })
}

/**
 * The parser's limit holds before ours and answers in the host's own words: nothing we could do
 * when it strikes.
 */
export function warnOfHostParser(core: Core, limit: number): void {
  if (core.state.warnedOfHostParser) return
  core.state.warnedOfHostParser = true
  core.log.warn('body parser runs before the gateway', {
    bodyLimit: limit,
    effect:
      "prompts over the parser's own limit are refused by it (100 kB in express.json(), 1 MB in @koa/bodyparser)",
    fix: "mount the gateway before the parser, or raise the parser's limit",
  })
}
