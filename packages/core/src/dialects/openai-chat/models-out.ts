import type { ModelList } from '../dialect.ts'

/** `GET /v1/models`: routes first, then models. What clients of no other dialect ask for. */
export const modelList: ModelList = {
  isAskedBy: () => true,
  render({ routes, models, created }) {
    const data = [
      ...routes.map((id) => ({ id, object: 'model', created, owned_by: 'postern' })),
      ...models.map((id) => ({ id, object: 'model', created, owned_by: id.slice(0, id.indexOf('/')) })),
    ]
    return { object: 'list', data }
  },
}
