import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** Counts by key, each for one minute from its first count. */
export interface RequestWindow {
  /**
   * Counts one. Resolves with the milliseconds until the window ends where its limit is spent, else
   * with `undefined`.
   */
  take(key: string): Promise<number | undefined>
}

/** @param limit counts of one key within a minute */
export type OpenWindow = (name: string, limit: number) => RequestWindow

const WINDOW_S = 60

/** Counts in the memory of this process. */
export const memoryWindow: OpenWindow = (name, limit) => {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points: limit, duration: WINDOW_S })
  return {
    take: (key) =>
      limiter.consume(key).then(
        () => undefined,
        (refusal: unknown) => {
          if (refusal instanceof RateLimiterRes) return refusal.msBeforeNext
          throw refusal
        },
      ),
  }
}
