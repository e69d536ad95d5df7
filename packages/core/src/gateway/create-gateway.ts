import { inProcessFetch } from './in-process-fetch.ts'
import { systemClock } from '../clock.ts'
import {
  type GatewayOptions,
  processEnvironment,
  resolveSettings,
  type Settings,
  watchFile,
} from '../config/index.ts'
import { messageOf } from '../errors.ts'
import type { GatewayRequest, GatewayResponse } from '../http/index.ts'
import { handle } from '../pipeline/handle.ts'
import type { ProviderDeps } from '../providers/index.ts'
import { createCore } from './core.ts'
import { createRuntime } from './create-runtime.ts'
import type { Gateway, Injected } from './gateway.ts'
import { healthOf } from './health.ts'
import { invalidConfigurationLog } from './operator-log.ts'
import { shutDown } from './shutdown.ts'
import { fetchToken } from './token-requests.ts'

/**
 * Starts a gateway from code, environment and file, in that order of precedence. Throws
 * `ConfigurationError` naming every problem, its place and its fix; a gateway that starts is
 * configured completely.
 *
 * @example const gateway = createGateway({ routes: { support: ['anthropic/claude-sonnet-4-6',
 *   'openai/gpt-5-mini'] } })
 */
export function createGateway<Host = unknown>(
  options: GatewayOptions<Host> = {},
  injected: Injected = {},
): Gateway {
  const environment = injected.environment ?? processEnvironment()
  const deps: ProviderDeps = {
    clock: injected.clock ?? systemClock,
    fetchToken: (request) => fetchToken(core.dispatch, request),
    askHost: (...asked) => core.hostCalls.credential(...asked),
  }
  const load = (): Settings => resolveSettings(options as GatewayOptions, environment, deps)
  const settings = load()
  const core = createCore(settings, injected)
  let runtime = createRuntime(settings, core)
  const invalid = invalidConfigurationLog(core.log, core.dispatch.clock)
  const reload = (): void => {
    try {
      runtime = createRuntime(load(), core)
      core.log.info('configuration reloaded')
      invalid.end()
    } catch (error) {
      invalid.begin(error)
    }
  }
  const watcher =
    settings.configPath === undefined
      ? undefined
      : watchFile(settings.configPath, {
          clock: core.dispatch.clock,
          onChange: reload,
          onError: (error) =>
            core.log.error('configuration file watch stopped', {
              cause: messageOf(error),
            }),
        })
  let closing: Promise<void> | undefined
  const answer = (request: GatewayRequest): Promise<GatewayResponse> => handle(runtime, request)
  return {
    prefix: settings.prefix,
    handle: answer,
    fetch: inProcessFetch(settings.prefix, answer),
    health: () => healthOf(core, runtime),
    close({ graceMs = 10_000 } = {}) {
      core.state.isOpen = false
      watcher?.close()
      invalid.close()
      core.load?.close()
      for (const condition of core.conditions) condition.close()
      closing ??= shutDown(core, graceMs)
      return closing
    },
  }
}
