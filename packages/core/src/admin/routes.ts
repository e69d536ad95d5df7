import type { AdminActs, KeyView } from './admin-service.ts'

interface Asked {
  /** From the path, percent-decoded; `''` where it has none. */
  readonly id: string
  readonly body: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
}

type Route = readonly [
  method: string,
  path: RegExp,
  act: string,
  run: (
    acts: AdminActs,
    asked: Asked,
  ) => Promise<{ readonly status?: number; readonly body: unknown }>,
]

/** What an id is written with; that of a target is percent-encoded. */
const ID = '([\\w.@%*:[\\]-]+)'

/** @param path with `{id}` where one stands */
function on(method: string, path: string, run: Route[3]): Route {
  // linear: one piece of one class of characters, between literals
  return [
    method,
    new RegExp(`^/admin/${path.replace('{id}', ID)}$`),
    `${method} /admin/${path}`,
    run,
  ]
}

/** Everything `/admin` answers to. */
export const routes: readonly Route[] = [
  on('GET', 'keys', async (acts) => ({ body: { keys: await acts.listKeys() } })),
  on('POST', 'keys', async (acts, { body }) => made(await acts.createKey(body))),
  on('PATCH', 'keys/{id}', async (acts, { id, body }) => ({
    body: await acts.changeKey(id, body),
  })),
  on('DELETE', 'keys/{id}', async (acts, { id }) => ({
    body: { keys: await acts.removeKeys(id) },
  })),
  on('POST', 'keys/{id}/rotate', async (acts, { id, body }) =>
    made(await acts.rotateKey(id, body)),
  ),
  on('POST', 'keys/{id}/revoke', async (acts, { id }) => ({ body: await acts.revokeKey(id) })),
  on('POST', 'keys/{id}/kill', async (acts, { id }) => ({
    body: { keys: await acts.killKey(id) },
  })),
  on('GET', 'keys/{id}/usage', async (acts, { id }) => ({ body: { usage: await acts.usage(id) } })),
  on('POST', 'keys/{id}/reset', async (acts, { id }) => ({
    body: { usage: await acts.resetUsage(id) },
  })),
  on('GET', 'limits', async (acts) => ({ body: { limits: await acts.listLimits() } })),
  on('POST', 'limits', async (acts, { body }) => ({
    status: 201,
    body: await acts.createLimit(body),
  })),
  on('PATCH', 'limits/{id}', async (acts, { id, body }) => ({
    body: await acts.changeLimit(id, body),
  })),
  on('DELETE', 'limits/{id}', async (acts, { id }) => ({ body: await acts.removeLimit(id) })),
  on('GET', 'usage', async (acts, { query }) => ({ body: { usage: await acts.usageOf(query) } })),
  on('POST', 'usage/reset', async (acts, { body }) => ({
    body: { usage: await acts.resetUsageOf(body) },
  })),
  on('GET', 'disabled', async (acts) => ({ body: { disabled: await acts.listDisabled() } })),
  on('POST', 'disabled', async (acts, { body }) => ({
    status: 201,
    body: await acts.disable(body['target']),
  })),
  on('DELETE', 'disabled/{id}', async (acts, { id }) => ({ body: await acts.enable(id) })),
]

function made({ key, created }: { readonly key: string; readonly created: KeyView }): {
  status: number
  body: unknown
} {
  return { status: 201, body: { key, ...created } }
}
