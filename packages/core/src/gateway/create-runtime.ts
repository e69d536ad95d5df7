import { PriceList } from '../billing/index.ts'
import type { Settings } from '../config/index.ts'
import type { Usage } from '../dialects/index.ts'
import { createModelLists } from '../dispatch/index.ts'
import { messageOf } from '../errors.ts'
import { switchOf } from './admin-wiring.ts'
import type { Core } from './parts.ts'
import { lookAtHost, warnOfHostParser } from './host-warnings.ts'
import { missingParts } from './readiness.ts'
import { createRoutingTable } from './routing-table.ts'
import type { Runtime } from './runtime.ts'
import { getText } from './token-requests.ts'
import type { GatewayRequest } from '../http/index.ts'
import { createIdentify, createJwtCheck, hostLogin } from '../identity/index.ts'
import type { LeveledLogger } from '../log.ts'

export function announced(key: string, log: LeveledLogger): string {
  log.warn(`No keys are configured. This development key is valid until the process ends: ${key}`)
  return key
}

function identifyOptions(settings: Settings, core: Core): Parameters<typeof createIdentify>[0] {
  const keys = settings.keys.map(({ key, name, routes, models, attribution }) => ({
    key,
    caller: { id: name, ...attribution, ...(routes && { routes }), ...(models && { models }) },
  }))
  if (settings.needsDevelopmentKey && core.developmentKey !== undefined)
    keys.push({ key: core.developmentKey, caller: { id: 'development' } })
  return {
    auth: settings.auth === 'none' ? 'none' : 'keys',
    keys,
    ring: core.shared.administered?.ring,
    jwt:
      settings.jwt &&
      createJwtCheck(settings.jwt, {
        clock: core.dispatch.clock,
        get: (url) => getText(core.dispatch, url),
      }),
    login: settings.identify && hostLogin(settings.identify, core.hostCalls),
  }
}

/** Builds everything that is decided at start from the settings; a reload builds another one. */
export function createRuntime(settings: Settings, core: Core): Runtime {
  const prices = new PriceList(settings.prices)
  const listModels = createModelLists(
    settings.providers.values(),
    core.dispatch,
    (provider, error) => core.log.warn('model list failed', { provider, cause: messageOf(error) }),
  )
  const routing = createRoutingTable(settings)
  const isDisabled = switchOf(settings.isDisabled, core.shared.administered?.rules, core.hostCalls)
  return Object.freeze({
    clock: core.dispatch.clock,
    log: core.log,
    identify: core.shared.identify(createIdentify(identifyOptions(settings, core)), core.active),
    routing,
    isDisabled,
    dispatch: core.dispatch,
    bodyLimitBytes: settings.bodyLimitBytes,
    forwardTrace: settings.forwardTrace,
    load: core.load,
    storeDefects: () => core.shared.degraded,
    missing: () =>
      missingParts({
        routing,
        health: core.dispatch.health,
        isDisabled,
        isStoreMissed: () => core.shared.isMissed(settings.limits),
      }),
    priceOf: (target: string, usage: Usage) => prices.nanoDollars(target, usage),
    surchargeOf: (target: string) => prices.surcharge(target),
    ...core.shared.admission(settings.limits),
    admin: core.shared.admin(settings),
    loopLimit: settings.loopLimit,
    throttle: core.shared.throttles.keys,
    providerLimits: settings.providerLimits,
    onRequest: settings.production
      ? (request: GatewayRequest) => lookAtHost(core, request)
      : () => undefined,
    onHostParsedBody: () => warnOfHostParser(core, settings.bodyLimitBytes),
    onRecord: core.hostCalls.notifier('onRecord', settings.onRecord),
    reports: core.reports,
    listModels,
    active: core.active,
    isOpen: () => core.state.isOpen,
    onSettled: () => {
      if (core.active.size === 0) core.state.onIdle?.()
    },
  })
}
