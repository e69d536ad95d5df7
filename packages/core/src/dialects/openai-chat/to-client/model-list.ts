import type { JsonObject } from '../../model/json-object.ts'
import type { ModelList } from '../../model/dialect.ts'

/** `GET /v1/models`: routes first, then models. What clients of no other dialect ask for. */
export const modelList: ModelList = {
  isAskedBy: () => true,
  render: ({ routes, models, created }) => ({
    object: 'list',
    data: [...routes, ...models].map((id) => renderOne(id, created)),
  }),
  renderOne,
}

/** A route is the gateway's own; a model belongs to its provider. */
function renderOne(id: string, created: number): JsonObject {
  const slash = id.indexOf('/')
  return { id, object: 'model', created, owned_by: slash === -1 ? 'postern' : id.slice(0, slash) }
}
