import type { JsonObject } from '../../model/json-object.ts'
import type { ModelList } from '../../model/dialect.ts'
import { nativeActions } from '../from-client/paths.ts'

const METHODS = ['generateContent', 'streamGenerateContent', ...nativeActions]

/** `GET /v1beta/models`, all on one page; its SDK asks under `/v1` as well. */
export const modelList: ModelList = {
  isAskedBy: (request) =>
    request.path.startsWith('/v1beta/') || request.header('x-goog-api-key') !== undefined,
  render: ({ routes, models }) => ({ models: [...routes, ...models].map(renderOne) }),
  renderOne,
}

function renderOne(id: string): JsonObject {
  return { name: `models/${id}`, displayName: id, supportedGenerationMethods: METHODS }
}
