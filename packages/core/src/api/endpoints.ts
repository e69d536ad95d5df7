import {
  anthropicMessages,
  type ClientRequest,
  type Dialect,
  type ErrorFormat,
  toErrorFormat,
  gemini,
  generatePaths,
  type ModelEndpoint,
  nativePaths,
  openaiChat,
  openaiResponses,
  type Operation,
  defaultErrorFormat,
  readChat,
  readCountTokens,
  readEmbeddings,
  readJsonRequest,
  readModelAction,
  readRerank,
} from '../dialects/index.ts'
import { readModelBody, readNative, readStored } from './forwarded.ts'
import { aliasesOf } from './aliases.ts'
import { createTable, type Match } from './match.ts'
import type { OpenCall } from './open-call.ts'

/**
 * Endpoints that clients may call. `operation` endpoints go through the whole pipeline; the others
 * answer from what the gateway knows. A path is matched piece by piece: `{model}` stands for the
 * rest of a piece, `{model...}` for several pieces.
 */
export type Endpoint =
  | OperationEndpoint
  | ModelsEndpoint
  | RetrieveModelEndpoint
  | HealthEndpoint
  | HelloEndpoint
  | UsageReportsEndpoint

/** An endpoint whose requests are planned, sent to a provider, bounded and recorded. */
export type OperationEndpoint = JsonEndpoint | UnreadEndpoint

interface OperationFacts {
  readonly kind: 'operation'
  readonly method: string
  readonly path: string
  /** In which shape errors reach this endpoint's clients. */
  readonly errorFormat: ErrorFormat
}

export interface JsonEndpoint extends OperationFacts {
  /** A JSON object, read whole. */
  readonly body: 'json'
  /** Throws `invalid_request` with `param` for a request no target could take. */
  read(request: ClientRequest): Operation
}

export interface UnreadEndpoint extends OperationFacts {
  /** `stream`: of any kind, and read by the endpoint as far as it needs. */
  readonly body: 'stream' | 'none'
  /** As `JsonEndpoint.read`, and rejects as reading the body does. */
  read(call: OpenCall): Operation | Promise<Operation>
}

interface ModelsEndpoint {
  readonly kind: 'models'
  readonly method: string
  readonly path: string
}

interface RetrieveModelEndpoint {
  readonly kind: 'model'
  readonly method: string
  readonly path: string
}

interface HealthEndpoint {
  readonly kind: 'health'
  readonly probe: 'live' | 'ready'
  readonly method: string
  readonly path: string
}

/**
 * A probe without authentication and body: some clients check that a server answers before they
 * send anything.
 */
interface HelloEndpoint {
  readonly kind: 'hello'
  readonly method: string
  readonly path: string
}

/** Calls that went around the gateway while it was not there. */
interface UsageReportsEndpoint {
  readonly kind: 'usage-reports'
  readonly method: string
  readonly path: string
}

const NATIVE_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

export const endpoints: readonly Endpoint[] = [
  chat({ path: '/v1/chat/completions' }, openaiChat),
  chat({ path: '/v1/responses' }, openaiResponses),
  responses({ path: '/responses/compact', answer: 'json', paidBy: 'tokens' }),
  responses({ path: '/responses/input_tokens', answer: 'json', paidBy: 'nothing' }),
  chat({ path: '/v1/messages' }, anthropicMessages),
  {
    kind: 'operation',
    method: 'POST',
    path: '/v1/messages/count_tokens',
    errorFormat: toErrorFormat(anthropicMessages),
    body: 'json',
    read: readCountTokens,
  },
  ...generatePaths.map((served) => chat(served, gemini)),
  ...nativePaths.map(modelAction),
  {
    kind: 'operation',
    method: 'POST',
    path: '/v1/embeddings',
    errorFormat: defaultErrorFormat,
    body: 'json',
    read: readEmbeddings,
  },
  ...['/v1/rerank', '/v2/rerank'].map((path): OperationEndpoint => ({
    kind: 'operation',
    method: 'POST',
    path,
    errorFormat: defaultErrorFormat,
    body: 'json',
    read: readRerank,
  })),
  json({ path: '/completions', answer: 'json', endsWithDone: true, paidBy: 'tokens' }),
  json({ path: '/images/generations', answer: 'json', hasDefaultModel: true }),
  form({ path: '/images/edits', answer: 'json', hasDefaultModel: true }),
  form({ path: '/images/variations', answer: 'json', hasDefaultModel: true }),
  json({ path: '/audio/speech', answer: 'any', streamField: ['stream_format', 'sse'] }),
  form({ path: '/audio/transcriptions', answer: 'any' }),
  form({ path: '/audio/translations', answer: 'any' }),
  json({ path: '/moderations', answer: 'json', hasDefaultModel: true, paidBy: 'nothing' }),
  stored('POST', '/files', 'stream'),
  stored('GET', '/files', 'none'),
  stored('GET', '/files/{id}', 'none'),
  stored('DELETE', '/files/{id}', 'none'),
  stored('GET', '/files/{id}/content', 'none'),
  stored('POST', '/batches', 'stream'),
  stored('GET', '/batches', 'none'),
  stored('GET', '/batches/{id}', 'none'),
  stored('POST', '/batches/{id}/cancel', 'none'),
  ...NATIVE_METHODS.map(native),
  { kind: 'models', method: 'GET', path: '/v1/models' },
  { kind: 'models', method: 'GET', path: '/v1beta/models' },
  ...['/v1/models/{model...}', '/v1beta/models/{model...}'].map((path): Endpoint => ({
    kind: 'model',
    method: 'GET',
    path,
  })),
  { kind: 'usage-reports', method: 'POST', path: '/v1/usage-reports' },
  { kind: 'health', probe: 'live', method: 'GET', path: '/health/live' },
  { kind: 'health', probe: 'ready', method: 'GET', path: '/health/ready' },
  { kind: 'hello', method: 'GET', path: '/api/hello' },
]

/** A path, and its parameters. */
interface Served {
  readonly path: string
  readonly params?: Readonly<Record<string, string>>
}

/** A conversation in the words of a dialect. */
function chat({ path, params }: Served, dialect: Dialect): OperationEndpoint {
  return {
    kind: 'operation',
    method: 'POST',
    path,
    errorFormat: toErrorFormat(dialect),
    body: 'json',
    read: (request) => readChat(dialect, withParams(request, params)),
  }
}

/** Further actions of that API, for providers that speak it. */
function modelAction({ path, params }: Served): OperationEndpoint {
  return {
    kind: 'operation',
    method: 'POST',
    path,
    errorFormat: toErrorFormat(gemini),
    body: 'json',
    read: (request) => readModelAction(withParams(request, params)),
  }
}

function withParams(request: ClientRequest, params: Served['params']): ClientRequest {
  return params === undefined ? request : { ...request, params: { ...request.params, ...params } }
}

/** A JSON request that providers of the same API get with their own model in it. */
function json(endpoint: ModelEndpoint): OperationEndpoint {
  return {
    kind: 'operation',
    method: 'POST',
    path: `/v1${endpoint.path}`,
    errorFormat: defaultErrorFormat,
    body: 'json',
    read: (request) => readJsonRequest(openaiChat, endpoint, request),
  }
}

/** Further endpoints of Responses, for providers that speak it. */
function responses(endpoint: ModelEndpoint): OperationEndpoint {
  return {
    kind: 'operation',
    method: 'POST',
    path: `/v1${endpoint.path}`,
    errorFormat: toErrorFormat(openaiResponses),
    body: 'json',
    read: (request) =>
      readJsonRequest(openaiResponses, { ...endpoint, inputField: 'input' }, request),
  }
}

/** The same for a multipart form. */
function form(endpoint: ModelEndpoint): OperationEndpoint {
  return {
    kind: 'operation',
    method: 'POST',
    path: `/v1${endpoint.path}`,
    errorFormat: defaultErrorFormat,
    body: 'stream',
    read: (call) => readModelBody(openaiChat, endpoint, call),
  }
}

/** Objects that one provider stores for its clients. */
function stored(method: string, path: string, body: 'stream' | 'none'): OperationEndpoint {
  // A batch is many requests; keeping a file, and giving a batch up, is none.
  const isFree = path !== '/batches' || method !== 'POST'
  const endpoint = {
    method,
    path,
    answer: path.endsWith('/content') ? 'bytes' : 'json',
    isFree,
  } as const
  return {
    kind: 'operation',
    method,
    path: `/v1${path}`,
    errorFormat: defaultErrorFormat,
    body,
    read: (call) => readStored(openaiChat, endpoint, { call, hasBody: body === 'stream' }),
  }
}

/**
 * A provider's own API, for what has no shape of ours. TRACE is left out: its answer would repeat
 * our key.
 */
function native(method: string): OperationEndpoint {
  const hasBody = method !== 'GET' && method !== 'OPTIONS'
  return {
    kind: 'operation',
    method,
    path: '/providers/{name}/{path...}',
    errorFormat: defaultErrorFormat,
    body: hasBody ? 'stream' : 'none',
    read: (call: OpenCall) => readNative(call, { hasBody }),
  }
}

/** Where there is something, as the table writes it: `{name}` stands for anything. */
export const servedPaths: readonly string[] = [...new Set(endpoints.map(({ path }) => path))]

const table = createTable(endpoints)

/** An endpoint, and how the table spells the path it was asked by. */
export interface MatchedEndpoint extends Match<Endpoint> {
  readonly path: string
  /** The model that the path names, whatever the body says. */
  readonly deployment?: string | undefined
}

/**
 * Throws `unknown_path`, `method_not_allowed` with `allow`, or `upgrade_required`.
 *
 * @param request `sharesRoot`: other spellings of a path are not tried, for they may be paths of
 *   the host
 */
export function matchEndpoint(
  request: Parameters<typeof table.match>[0] & { readonly sharesRoot?: boolean },
): MatchedEndpoint {
  const { path } = request
  const found = table.find(request)
  if (found !== undefined) return { endpoint: found.endpoint, params: found.params, path }
  for (const alias of request.sharesRoot === true ? [] : aliasesOf(path)) {
    const meant = table.find({
      method: request.method,
      path: alias.path,
      header: (name) => request.header(name),
    })
    if (meant !== undefined && (alias.deployment === undefined || isOfModel(meant.endpoint)))
      return { ...meant, ...alias }
  }
  return { ...table.match(request), path }
}

/** The body as the path means it: with the model that the path names. */
export function bodyOf(
  { deployment }: MatchedEndpoint,
  { value, bytes }: Pick<ClientRequest, 'bytes'> & { readonly value: ClientRequest['body'] },
): Pick<ClientRequest, 'body' | 'bytes'> {
  if (deployment === undefined || value['model'] === deployment) return { body: value, bytes }
  return { body: { ...value, model: deployment }, bytes: undefined }
}

/** Whether the model can be named beside the body. */
function isOfModel(endpoint: Endpoint): boolean {
  return endpoint.kind === 'operation' && endpoint.body === 'json'
}
