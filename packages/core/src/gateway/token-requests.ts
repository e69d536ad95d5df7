import type { DispatchDeps } from '../dispatch/index.ts'
import { GatewayError } from '../errors.ts'
import type { TokenAnswer, TokenRequest } from '../providers/index.ts'

const TOKEN_DEADLINE_MS = 10_000

const MAX_TOKEN_BYTES = 64 * 1024

/**
 * The call that gets a provider its token: no answer of a provider, so it has a deadline of its
 * own.
 */
export async function fetchToken(
  { transport, clock }: DispatchDeps,
  request: TokenRequest,
): Promise<TokenAnswer> {
  const call = transport.send({ ...request, method: 'POST', onConnected: () => undefined })
  const timer = clock.setTimer(
    () => call.abort(new GatewayError('provider_unreachable', 'No token came in time.')),
    TOKEN_DEADLINE_MS,
  )
  try {
    const { status } = await call.response
    return { status, body: Buffer.from(await call.collect(MAX_TOKEN_BYTES)).toString('utf8') }
  } finally {
    timer.clear()
  }
}

/** Sends a JSON notification and reads only the status. */
export async function post(
  deps: Pick<DispatchDeps, 'transport' | 'clock'>,
  url: string,
  body: object,
): Promise<void> {
  await sendOnce(deps, url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

export function getText(deps: DispatchDeps, url: string): Promise<string> {
  return sendOnce(deps, url, {
    method: 'GET',
    headers: { accept: 'application/json' },
    body: undefined,
  })
}

/** Rejects for every answer but a good one. */
async function sendOnce(
  { transport, clock }: Pick<DispatchDeps, 'transport' | 'clock'>,
  url: string,
  request: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string | undefined
  },
): Promise<string> {
  const { origin, pathname, search } = new URL(url)
  const call = transport.send({
    ...request,
    origin,
    path: pathname + search,
    headers: { 'user-agent': 'postern', ...request.headers },
    onConnected: () => undefined,
  })
  const timer = clock.setTimer(
    () => call.abort(new GatewayError('deadline_exceeded', 'There was no answer in time.')),
    TOKEN_DEADLINE_MS,
  )
  try {
    const { status } = await call.response
    const bytes = await call.collect(MAX_TOKEN_BYTES)
    if (status > 299) throw new Error(`${origin} answered with ${status}.`)
    return Buffer.from(bytes).toString('utf8')
  } finally {
    timer.clear()
  }
}
