import type { Form } from '../../http/index.ts'
import type { ClientRequest } from '../model/request.ts'
import type { Dialect } from '../model/dialect.ts'
import { invalid } from '../model/invalid.ts'
import type { Operation } from '../model/operation.ts'
import { forward } from './forward.ts'
import type { ModelEndpoint } from './json-request.ts'
import { requestedProvider } from './requested-provider.ts'

/**
 * A multipart request for any provider that speaks `api`: the model is rewritten, every other byte
 * stays. The `stream` field may come after the file, so the content type of the answer decides.
 */
export function readFormRequest(
  api: Dialect,
  endpoint: ModelEndpoint,
  request: Pick<ClientRequest, 'header'> & { readonly form: Form },
): Operation {
  const { form } = request
  if (form.model === '' || (form.model === undefined && endpoint.hasDefaultModel !== true))
    throw invalid('model', 'a non-empty string', form.model)
  return {
    model: form.model,
    stream: false,
    ...(form.model === undefined ? { provider: requestedProvider(api, request) } : {}),
    translationFor: (target, context) =>
      forward(
        {
          ...endpoint,
          api,
          answer: 'any',
          buildRequest: (model) => ({
            path: endpoint.path,
            dropped: [],
            ...formBody(form, form.model === undefined ? undefined : model),
          }),
        },
        target,
        context,
      ),
  }
}

/** The form with this model, or without any, and the headers that describe it. */
export function formBody(
  form: Form,
  model: string | undefined,
): {
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
  readonly headers: Record<string, string>
} {
  const { body, length } = form.withModel(model)
  const isStream = !(body instanceof Uint8Array)
  return {
    body,
    headers: {
      'content-type': form.contentType,
      ...(isStream && length !== undefined ? { 'content-length': String(length) } : {}),
    },
  }
}
