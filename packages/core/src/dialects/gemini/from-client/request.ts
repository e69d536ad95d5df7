import type { Conversation } from '../../model/conversation.ts'
import type { ChatRequest, ClientRequest } from '../../model/request.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { invalid } from '../../model/invalid.ts'
import { readConfig } from './config.ts'
import { readContents, readSystem } from './contents.ts'
import { type Extensions, keepOthers } from './fields.ts'
import { versionOf } from './paths.ts'
import { readToolChoice, readTools } from './tools.ts'
import { ORIGIN } from '../to-provider/tool-history.ts'

const STREAM_ACTION = 'streamGenerateContent'
const EVENT_STREAM = 'sse'
/**
 * Content type of a stream whose client did not ask for events: one JSON array, an element at a
 * time.
 */
export const ARRAY_TYPE = 'application/json; charset=utf-8'

/** A generateContent request; half of it stands in the path. */
export class GenerateRequest implements ChatRequest {
  readonly model: string
  readonly stream: boolean
  readonly streamType?: string
  /** The last chunk of every stream has it. */
  readonly includeUsage = true
  readonly body: JsonObject
  readonly bytes: Uint8Array | undefined
  /** The API version the client called: `v1` or `v1beta`. */
  readonly version: string
  readonly query: URLSearchParams
  #conversation: Conversation | undefined

  constructor({ body, bytes, params, query }: ClientRequest, model: string) {
    this.model = model
    this.stream = params['action'] === STREAM_ACTION
    if (this.stream && query.get('alt') !== EVENT_STREAM && query.get('$alt') !== EVENT_STREAM)
      this.streamType = ARRAY_TYPE
    this.body = body
    this.bytes = bytes
    this.version = versionOf(params)
    this.query = query
  }

  conversation(): Conversation {
    this.#conversation ??= readConversation(this.body)
    return this.#conversation
  }
}

/**
 * Reads a request as far as routing needs: the model and whether to stream from the path
 * (`params.model`, `params.action`, `params.version`), and that there are contents. Throws
 * `invalid_request` with `param`.
 */
export function parseRequest(request: ClientRequest): GenerateRequest {
  const { model } = request.params
  if (model === undefined || model === '')
    throw invalid('model', 'the id of a model in the path', model)
  const { contents } = request.body
  const isFilled = Array.isArray(contents)
    ? contents.length > 0
    : typeof contents === 'object' && contents !== null
  if (!isFilled) throw invalid('contents', 'a non-empty array', contents)
  return new GenerateRequest(request, model)
}

const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
])

/** The whole request in the neutral model. Throws `invalid_request` that names the field. */
export function readConversation(body: JsonObject): Conversation {
  const place = { value: body, path: '' }
  const extensions: Extensions = {}
  keepOthers(place, '', { known: REQUEST_FIELDS, extensions })
  return {
    origin: ORIGIN,
    messages: [...readSystem(place, extensions), ...readContents(place, extensions)],
    tools: readTools(place, extensions),
    toolChoice: readToolChoice(place, extensions),
    ...readConfig(place, extensions),
    extensions,
  }
}
