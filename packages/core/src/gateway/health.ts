import type { Core } from './parts.ts'
import type { GatewayHealth } from './gateway.ts'
import type { Runtime } from './runtime.ts'
import { degradedParts } from '../pipeline/local/health.ts'

export function healthOf(core: Core, runtime: Runtime): GatewayHealth {
  return {
    status: core.state.isOpen ? (degradedParts(runtime).length > 0 ? 'degraded' : 'ok') : 'closing',
    degraded: degradedParts(runtime),
    providers: [...runtime.routing.providers.keys()],
    routes: [...runtime.routing.routes.keys()],
    active: core.active.size,
    unavailable: core.dispatch.health.unavailable,
    shedding: core.load?.current ?? 'nobody',
  }
}
