import {
  type Dialect,
  type ModelEndpoint,
  type Operation,
  readFormRequest,
  readJsonRequest,
  readNativeRequest,
  readStoredRequest,
  type StoredEndpoint,
} from '../dialects/index.ts'
import { GatewayError } from '../errors.ts'
import { type Form, openForm, readJsonBody, readUpload } from '../http/index.ts'
import type { OpenCall } from './open-call.ts'

/** A request that names a model, as a multipart form or as JSON. */
export async function readModelBody(
  api: Dialect,
  endpoint: ModelEndpoint,
  { request, bodyLimitBytes: limit }: OpenCall,
): Promise<Operation> {
  const header = (name: string): string | undefined => request.header(name)
  if (kindOfBody(request.header('content-type')) === 'form')
    return readFormRequest(api, endpoint, { header, form: await openForm(request, { limit }) })
  const { value: body, bytes } = await readJsonBody(request, limit)
  return readJsonRequest(api, endpoint, { header, body, bytes })
}

/** A request about what one provider keeps. */
export async function readStored(
  api: Dialect,
  endpoint: StoredEndpoint,
  { call, hasBody }: { readonly call: OpenCall; readonly hasBody: boolean },
): Promise<Operation> {
  const { request, params } = call
  const { search } = request
  const body = hasBody ? await readStoredBody(call) : undefined
  return readStoredRequest(api, endpoint, {
    params,
    search,
    query: new URLSearchParams(search),
    header: (name) => request.header(name),
    ...(body === undefined ? {} : { body }),
  })
}

async function readStoredBody({
  request,
  bodyLimitBytes: limit,
}: OpenCall): Promise<Record<string, unknown> | Form> {
  if (kindOfBody(request.header('content-type')) === 'form')
    return openForm(request, { limit, beforeFiles: true })
  return (await readJsonBody(request, limit)).value
}

/** A request for the provider named in its path. */
export async function readNative(
  { request, params, bodyLimitBytes }: OpenCall,
  { hasBody }: { readonly hasBody: boolean },
): Promise<Operation> {
  const { method, path, search } = request
  return readNativeRequest({
    method,
    provider: params.name ?? '',
    // As it was written: a decoded path cannot be distinguished from the one it hides.
    path: path.slice(path.indexOf('/', '/providers/'.length) + 1),
    search,
    body: hasBody ? await readUpload(request, bodyLimitBytes) : undefined,
    header: (name) => request.header(name),
    headerNames: () => request.headerNames(),
  })
}

/** A body without a content type counts as JSON. */
function kindOfBody(contentType = 'application/json'): 'form' | 'json' {
  if (/^multipart\/form-data *(?:;|$)/i.test(contentType)) return 'form'
  if (/^application\/(?:[\w.-]+\+)?json *(?:;|$)/i.test(contentType)) return 'json'
  throw new GatewayError(
    'invalid_request',
    `This endpoint takes multipart/form-data or application/json, not ${JSON.stringify(contentType.slice(0, 100))}.`,
    { status: 415 },
  )
}
