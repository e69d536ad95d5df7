import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '../clock.ts'
import type { Settings } from '../config/index.ts'
import { createTransport } from '../dispatch/index.ts'
import { HostCalls } from '../foundation/host-calls.ts'
import { announced } from './create-runtime.ts'
import type { Injected } from './gateway.ts'
import { circuitLog, logShedding } from './operator-log.ts'
import type { Core } from './parts.ts'
import { endRequests } from './shutdown.ts'
import { SharedState } from './store-wiring.ts'
import { post } from './token-requests.ts'
import { RetryBudget, SharedHealth, TargetHealth } from '../health/index.ts'
import { developmentKey } from '../identity/index.ts'
import { Turns } from '../json/turns.ts'
import { type EventLoopDelay, HostLoad } from '../limits/index.ts'
import { createLogger, type LeveledLogger } from '../log.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import { InFlight } from '../pipeline/in-flight.ts'
import { ReportIntake } from '../records/index.ts'

export function createCore(settings: Settings, injected: Injected): Core {
  const log = createLogger(settings.log)
  const clock = injected.clock ?? systemClock
  const transport =
    injected.transport ?? createTransport({ connectTimeoutMs: settings.connectTimeoutMs })
  const active = new InFlight<Exchange>()
  const hostCalls = new HostCalls({ clock, log })
  const shared = new SharedState(settings, {
    log,
    clock,
    hostCalls,
    post: (url, body) => post({ transport, clock }, url, body),
    endRequestsOf: (key) => endRequests(active, key),
  })
  const circuits = circuitLog(log, clock)
  const health = new TargetHealth(
    clock,
    (target, state, openForMs) => {
      circuits.onChange(target, state)
      others?.tell(target, state, openForMs)
    },
    { isOff: !settings.hasCircuitBreaker },
  )
  const healthStore = settings.hasCircuitBreaker ? shared.healthStore : undefined
  const others = healthStore && new SharedHealth(healthStore, health, clock)
  health.onCoolDown = (target, ms) => others?.tellCooling(target, ms)
  return {
    log,
    hostCalls,
    dispatch: {
      clock,
      health,
      shared: others,
      retryBudget: new RetryBudget(clock),
      turns: new Turns(),
      transport,
      random: injected.random ?? Math.random,
      newId: (prefix) => prefix + randomUUID().replaceAll('-', ''),
    },
    load: loadOf(settings, { log, clock, delay: injected.eventLoopDelay }),
    conditions: [circuits],
    shared,
    developmentKey: settings.needsDevelopmentKey ? announced(developmentKey(), log) : undefined,
    active,
    reports: new ReportIntake(clock),
    state: { isOpen: true, onIdle: undefined, warnedOfHostParser: false, hasLookedAtHost: false },
  }
}

function loadOf(
  { eventLoopLagLimitMs }: Settings,
  {
    log,
    clock,
    delay,
  }: {
    readonly log: LeveledLogger
    readonly clock: Clock
    readonly delay: EventLoopDelay | undefined
  },
): HostLoad | undefined {
  if (eventLoopLagLimitMs === Number.POSITIVE_INFINITY) return undefined
  return new HostLoad({
    clock,
    limitMs: eventLoopLagLimitMs,
    delay,
    onChange: (shedding, lagMs) => logShedding(log, shedding, lagMs),
  })
}
