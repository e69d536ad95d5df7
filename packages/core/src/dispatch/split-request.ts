import type { RelayedAnswer, Translation } from '../dialects/index.ts'
import type { GatewayError } from '../errors.ts'
import { attempt } from './attempt.ts'
import type { Attempt, UpstreamResponse } from './attempt-options.ts'
import { Cancellation } from './cancellation.ts'

/**
 * Most calls of one request under way at once: more would take a provider's limits from other
 * requests.
 */
const MAX_CALLS_AT_ONCE = 8

/**
 * One attempt in several calls, which succeeds when all of them do. The first one that fails ends
 * the others.
 */
export async function splitRequest(
  options: Attempt,
  several: NonNullable<Translation['several']>,
): Promise<UpstreamResponse> {
  const { cancellation, deps } = options
  // The parts are ended by the whole, which hears of the client.
  const parts = several.parts.map((translation) => ({
    translation,
    cancellation: new Cancellation(deps.clock, undefined, cancellation.remainingMs),
  }))
  const endAll = (reason: GatewayError): void =>
    parts.forEach((part) => part.cancellation.cancel(reason))
  cancellation.wait(endAll)
  const answers: UpstreamResponse[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let part = parts[next++]; part !== undefined; part = parts[next++])
      answers.push(await attempt({ ...options, ...part }))
  }
  try {
    await Promise.all(Array.from({ length: Math.min(MAX_CALLS_AT_ONCE, parts.length) }, work))
  } catch (error) {
    next = parts.length
    endAll(error as GatewayError)
    throw error
  } finally {
    for (const part of parts) part.cancellation.close()
  }
  return joined(answers, several.join())
}

function joined(
  answers: readonly UpstreamResponse[],
  { body, ...observation }: RelayedAnswer,
): UpstreamResponse {
  const [first] = answers
  if (first === undefined) throw new TypeError('A request in several calls has at least one.')
  return {
    ...first,
    dropped: [...new Set(answers.flatMap(({ dropped }) => dropped))],
    body,
    observation,
  }
}
