import { RequestError, UsageError } from './usage-error.ts'

export interface AdminClientOptions {
  readonly url: string
  readonly token: string | undefined
  readonly fetch: typeof fetch
}

/** Asks `/admin` of a running gateway. */
export class AdminClient {
  readonly #options: AdminClientOptions

  constructor(options: AdminClientOptions) {
    this.#options = options
  }

  /** Rejects with `RequestError`: the gateway's error, or that it did not answer. */
  async ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const { url, token, fetch: send } = this.#options
    if (token === undefined || token === '')
      throw new UsageError('Set POSTERN_ADMIN_TOKEN to the admin token of the gateway.')
    const response = await send(`${url.replace(/(?<!\/)\/+$/, '')}/admin${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LONGEST_MS),
    }).catch((cause: unknown) => {
      throw new RequestError(
        `No gateway answers at ${url}: ${reasonOf(cause)}. Start it, or name another with --url.`,
        3,
      )
    })
    const answer = (await response.json().catch(() => ({}))) as Record<string, unknown> & {
      error?: { message?: string }
    }
    if (response.ok) return answer
    const hint =
      response.status === 404 && answer.error === undefined
        ? ' Is POSTERN_ADMIN_TOKEN set for the gateway, and its mount in --url?'
        : ''
    throw new RequestError(
      `${answer.error?.message ?? `The gateway answered ${response.status}.`}${hint}`,
      1,
    )
  }
}

const LONGEST_MS = 15_000

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error
    ? ((inner as NodeJS.ErrnoException).code ?? inner.message)
    : String(inner)
}
