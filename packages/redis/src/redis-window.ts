import type { RequestWindow } from '@postern/core'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { Send } from './commands.ts'

const WINDOW_S = 60
/**
 * A Redis that hangs is given up after this, and this process counts alone. Only wrong credentials
 * wait for it.
 */
const DEADLINE_MS = 1_000

/** Counts on Redis for all instances, and in memory while Redis does not answer. */
export function redisWindow(
  send: Send,
  prefix: string,
): (name: string, limit: number) => RequestWindow {
  return (name, limit) => {
    const counted = { keyPrefix: `{${prefix}}:w:${name}`, points: limit, duration: WINDOW_S }
    const limiter = new RateLimiterRedis({
      ...counted,
      storeClient: clientOf(send),
      useRedisPackage: true,
      insuranceLimiter: new RateLimiterMemory(counted),
    })
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
}

/** As much of a client as the limiter asks of one. */
function clientOf(send: Send): object {
  return {
    eval: (
      script: string,
      {
        keys,
        arguments: args,
      }: { readonly keys: readonly string[]; readonly arguments: readonly string[] },
    ) => withDeadline(send(keys[0] ?? '', 'EVAL', script, String(keys.length), ...keys, ...args)),
  }
}

function withDeadline<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`Redis did not answer within ${DEADLINE_MS} ms.`)),
      DEADLINE_MS,
    )
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
