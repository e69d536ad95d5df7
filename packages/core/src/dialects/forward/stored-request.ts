import { GatewayError } from '../../errors.ts'
import type { Form } from '../../http/index.ts'
import type { BuiltRequest } from '../model/call.ts'
import type { ClientRequest } from '../model/request.ts'
import type { Dialect } from '../model/dialect.ts'
import type { JsonObject } from '../model/json-object.ts'
import { optionalString } from '../wire/fields.ts'
import type { Operation } from '../model/operation.ts'
import { formBody } from './form-request.ts'
import { forward } from './forward.ts'
import { forwardedQuery } from './query.ts'
import { requestedProvider } from './requested-provider.ts'

/** An endpoint for objects a provider stores: files and batches. */
export interface StoredEndpoint {
  readonly method: string
  /** Path below the provider's base URL; `{id}` stands for that of the object. */
  readonly path: string
  readonly answer: 'json' | 'bytes'
  /** It costs nothing. */
  readonly isFree: boolean
}

export interface StoredRequest extends Pick<ClientRequest, 'params' | 'query' | 'header'> {
  /** Query with its `?`. */
  readonly search: string
  readonly body?: JsonObject | Form
}

/**
 * A request about an object one provider stores. A `model` next to it (in the query, in the JSON,
 * in front of the file) says by its prefix which provider that is, and is not sent.
 */
export function readStoredRequest(
  api: Dialect,
  endpoint: StoredEndpoint,
  request: StoredRequest,
): Operation {
  const { body } = request
  const model = request.query.get('model') ?? modelOf(body)
  const path =
    endpoint.path.replace('{id}', () => idOf(request.params.id)) +
    forwardedQuery(request.search, ['model'])
  const { method } = endpoint
  return {
    model: model === null || model === '' ? undefined : model,
    stream: false,
    isFree: endpoint.isFree,
    // The requests of a batch are in a file.
    isBoundless: () => !endpoint.isFree,
    isDeferred: () => !endpoint.isFree,
    // Not idempotent: a second upload is a second file, and a second batch is billed again.
    provider: requestedProvider(api, request, { isRepeatable: body === undefined }),
    translationFor: (target, context) =>
      forward(
        {
          api,
          answer: endpoint.answer,
          path: endpoint.path,
          buildRequest: () => ({ method, path, dropped: [], ...bodyOf(body) }),
        },
        target,
        context,
      ),
  }
}

function modelOf(body: StoredRequest['body']): string | undefined {
  if (body === undefined) return undefined
  return isForm(body) ? body.model : optionalString({ value: body, path: '' }, 'model')
}

function bodyOf(body: StoredRequest['body']): Pick<BuiltRequest, 'body' | 'headers'> {
  if (body === undefined) return { body: undefined }
  if (isForm(body)) return formBody(body, undefined)
  const { model: _, ...rest } = body
  return { body: rest }
}

function isForm(body: JsonObject | Form): body is Form {
  return typeof body.withModel === 'function'
}

const ID = /^\w[\w.:-]{0,255}$/

/** One segment of a path, and nothing that a server could take for more. */
function idOf(id: string | undefined): string {
  if (id !== undefined && ID.test(id)) return id
  throw new GatewayError(
    'invalid_request',
    'The id in the address must consist of letters, digits and ". _ : -".',
    { param: 'id' },
  )
}
