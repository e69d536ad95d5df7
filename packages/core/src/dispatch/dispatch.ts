import { AnswerStream } from './answer-stream.ts'
import type { UpstreamResponse } from './attempt-options.ts'
import { Cancellation } from './cancellation.ts'
import type { DispatchDeps } from './deps.ts'
import type { DispatchJob } from './dispatch-job.ts'
import { Failover } from './failover.ts'

/**
 * Tries the plan's targets until one commits. A failed target gives way to the next one at once;
 * only when every target has failed in a way that may pass is one of them retried, after a wait and
 * within the retry budget. Targets with an open circuit are skipped. The client's leaving and the
 * one deadline bound everything, waits included.
 */
export async function dispatch(job: DispatchJob, deps: DispatchDeps): Promise<UpstreamResponse> {
  deps.shared?.touch()
  const cancellation = new Cancellation(deps.clock, job.signal, job.plan.limits.timeoutMs)
  job.onStart((reason) => cancellation.cancel(reason))
  try {
    const committed = await new Failover(job, deps, cancellation).tryTargets()
    if (!(committed.body instanceof AnswerStream)) cancellation.close()
    return committed
  } catch (error) {
    cancellation.close()
    throw error
  }
}
