import type { JsonObject } from '../../model/json-object.ts'
import type { ModelList } from '../../model/dialect.ts'

/** `GET /v1/models`, all on one page. */
export const modelList: ModelList = {
  isAskedBy: (request) => request.header('anthropic-version') !== undefined,
  render({ routes, models, created }) {
    const data = [...routes, ...models].map((id) => renderOne(id, created))
    return {
      data,
      has_more: false,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    }
  },
  renderOne,
}

function renderOne(id: string, created: number): JsonObject {
  return { type: 'model', id, display_name: id, created_at: new Date(created * 1000).toISOString() }
}
