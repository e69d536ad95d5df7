import type { Clock } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { SlidingCounts } from '../health/index.ts'
import type { UsageReport } from './usage-reports.ts'

const WINDOW_MS = 3_600_000
/** Reports that one caller may have counted within an hour. */
export const MOST_REPORTS_PER_HOUR = 10_000
/** Tokens, of input and output together, that they may name. */
export const MOST_TOKENS_PER_HOUR = 1_000_000_000
const MOST_REMEMBERED = 10_000
const MOST_CALLERS = 1_000

/** Takes each usage report once, and no more of them from one caller than an hour may hold. */
export class ReportIntake {
  readonly #clock: Clock
  /** Caller and id of the last reports; the oldest are forgotten. */
  readonly #taken = new Set<string>()
  readonly #counts = new Map<string, SlidingCounts>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * The reports that are new. Throws `rate_limit_exceeded` where they are more than the caller may
   * report, and takes none then.
   *
   * @param caller as `callerKey` spells it
   */
  take(caller: string, reports: readonly UsageReport[]): readonly UsageReport[] {
    const ids = new Set<string>()
    const fresh = reports.filter(
      ({ id }) => !this.#taken.has(`${caller} ${id}`) && ids.size < ids.add(id).size,
    )
    const tokens = fresh.reduce(
      (sum, { usage }) => sum + (usage === undefined ? 0 : usage.inputTokens + usage.outputTokens),
      0,
    )
    const counts = this.#countsOf(caller)
    const { all, some } = counts.sums
    if (all + fresh.length > MOST_REPORTS_PER_HOUR || some + tokens > MOST_TOKENS_PER_HOUR) {
      throw new GatewayError(
        'rate_limit_exceeded',
        `A key may report ${MOST_REPORTS_PER_HOUR} calls and ${MOST_TOKENS_PER_HOUR} tokens per hour, and has reported ${all} and ${some}. Send these reports later.`,
        { retryAfterMs: WINDOW_MS / 10 },
      )
    }
    counts.add({ all: fresh.length, some: tokens })
    for (const { id } of fresh) keepNewest(this.#taken.add(`${caller} ${id}`), MOST_REMEMBERED)
    return fresh
  }

  #countsOf(caller: string): SlidingCounts {
    const counts = this.#counts.get(caller) ?? new SlidingCounts(this.#clock, WINDOW_MS)
    this.#counts.delete(caller)
    keepNewest(this.#counts.set(caller, counts), MOST_CALLERS)
    return counts
  }
}

function keepNewest(kept: Set<string> | Map<string, unknown>, most: number): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= most) break
    kept.delete(oldest)
  }
}
