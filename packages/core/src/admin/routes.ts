import type { AdminService, KeyView } from './admin-service.ts'

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
    service: AdminService,
    asked: Asked,
  ) => Promise<{ readonly status?: number; readonly body: unknown }>,
]

/** Characters of an id; the id of a target is percent-encoded. */
const ID = '([\\w.@%*:[\\]-]+)'

/** @param path with `{id}` where one stands */
function on(method: string, path: string, run: Route[3]): Route {
  // linear: one piece of one class of characters, between literals
  const pattern = new RegExp(`^/admin/${path.replace('{id}', ID)}$`)
  return [method, pattern, `${method} /admin/${path}`, run]
}

/** Everything `/admin` answers to. */
export const routes: readonly Route[] = [
  on('GET', 'keys', async (service) => ({ body: { keys: await service.listKeys() } })),
  on('POST', 'keys', async (service, { body }) => made(await service.createKey(body))),
  on('PATCH', 'keys/{id}', async (service, { id, body }) => ({
    body: await service.changeKey(id, body),
  })),
  on('DELETE', 'keys/{id}', async (service, { id }) => ({
    body: { keys: await service.removeKeys(id) },
  })),
  on('POST', 'keys/{id}/rotate', async (service, { id, body }) =>
    made(await service.rotateKey(id, body)),
  ),
  on('POST', 'keys/{id}/revoke', async (service, { id }) => ({
    body: await service.revokeKey(id),
  })),
  on('POST', 'keys/{id}/kill', async (service, { id }) => ({
    body: { keys: await service.killKey(id) },
  })),
  on('GET', 'keys/{id}/usage', async (service, { id }) => ({
    body: { usage: await service.usage(id) },
  })),
  on('POST', 'keys/{id}/reset', async (service, { id }) => ({
    body: { usage: await service.resetUsage(id) },
  })),
  on('GET', 'limits', async (service) => ({ body: { limits: await service.listLimits() } })),
  on('POST', 'limits', async (service, { body }) => ({
    status: 201,
    body: await service.createLimit(body),
  })),
  on('PATCH', 'limits/{id}', async (service, { id, body }) => ({
    body: await service.changeLimit(id, body),
  })),
  on('DELETE', 'limits/{id}', async (service, { id }) => ({ body: await service.removeLimit(id) })),
  on('GET', 'usage', async (service, { query }) => ({
    body: { usage: await service.usageOf(query) },
  })),
  on('POST', 'usage/reset', async (service, { body }) => ({
    body: { usage: await service.resetUsageOf(body) },
  })),
  on('GET', 'disabled', async (service) => ({ body: { disabled: await service.listDisabled() } })),
  on('POST', 'disabled', async (service, { body }) => ({
    status: 201,
    body: await service.disable(body['target']),
  })),
  on('DELETE', 'disabled/{id}', async (service, { id }) => ({ body: await service.enable(id) })),
]

function made({ key, created }: { readonly key: string; readonly created: KeyView }): {
  status: number
  body: unknown
} {
  return { status: 201, body: { key, ...created } }
}
