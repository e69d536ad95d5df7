import type { GatewayError } from '../../../errors.ts'
import { brokenAnswer, type Finish, unknownFinish } from '../../model/finish.ts'

const REASONS: Readonly<Record<string, Finish>> = {
  COMPLETE: { reason: 'stop' },
  STOP_SEQUENCE: { reason: 'stop', native: 'STOP_SEQUENCE' },
  MAX_TOKENS: { reason: 'length' },
  TOOL_CALL: { reason: 'tool_calls' },
}

const FAILURES = /^(?:ERROR|TIMEOUT|USER_CANCEL)/

/** Maps finish reasons that `failureOf` does not handle. */
export function mapFinishReason(
  native: unknown,
  { calledTools }: { readonly calledTools: boolean },
): Finish {
  const known =
    typeof native === 'string' && Object.hasOwn(REASONS, native) ? REASONS[native] : undefined
  if (known === undefined && typeof native === 'string' && native !== '')
    return unknownFinish(native)
  if (calledTools && known?.reason !== 'length') return { reason: 'tool_calls' }
  // The service announced calls that never came.
  if (known?.reason === 'tool_calls') return { reason: 'stop', native: 'TOOL_CALL' }
  return known ?? { reason: 'stop' }
}

/** The error behind a finish reason that reports a failure. */
export function mapFailure(
  native: unknown,
  { provider, detail }: { readonly provider: string; readonly detail?: string | undefined },
): GatewayError | undefined {
  if (typeof native !== 'string' || !FAILURES.test(native)) return undefined
  return brokenAnswer(provider, { word: native, detail })
}
