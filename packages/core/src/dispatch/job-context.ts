import type { OperationContext } from '../dialects/index.ts'
import type { DispatchDeps } from './deps.ts'
import type { DispatchJob } from './dispatch-job.ts'
import { GatewayError } from '../errors.ts'
import type { Target } from '../routing/index.ts'

export function canContinue({ provider: { quirks } }: Target): boolean {
  return quirks.continuesTurn === true || quirks.marksPrefill === true
}

export function contextOf(job: DispatchJob, deps: DispatchDeps): OperationContext {
  return {
    requestId: job.requestId,
    created: Math.floor(deps.clock.now() / 1000),
    newId: deps.newId,
    maxEventBytes: job.plan.limits.eventLimitBytes,
    dropUnsupported: job.plan.limits.dropUnsupported,
    isContinuable: job.plan.limits.continueStreams === true,
    isCuttable: job.streamBudget !== undefined,
    isMetered: job.isMetered === true,
  }
}

/** No call was made: the target is cooling down. */
export const NO_ROOM = new GatewayError(
  'targets_unavailable',
  'The target has reached a limit of its provider.',
)

/** No call was made, so health does not change. */
export const LOCAL = new GatewayError('client_closed', 'Answered without a call.')
