import type {
  Conversation,
  ReasoningRequest,
  ResponseFormat,
  Sampling,
} from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import {
  optionalBoolean,
  optionalObject,
  optionalString,
  type Place,
  pathOf,
  placeOf,
  requiredObject,
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { readMessages } from './messages.ts'
import { OWN_ORIGIN } from '../from-provider/reasoning-details.ts'
import { readToolChoice, readTools } from './tools.ts'
import { unreadIn } from './unread.ts'

/** Fields the neutral model has names for, and those that only concern this connection. */
const known = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'parallel_tool_calls',
  'response_format',
  'temperature',
  'top_p',
  'top_k',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'stop',
  'max_completion_tokens',
  'max_tokens',
  'n',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'reasoning_effort',
  'user',
  'metadata',
])

/**
 * The whole request in the neutral model. `body` has passed `checkFields`, so the types of its
 * top-level fields are known here. Throws `invalid_request` or `unsupported_content` with `param`.
 */
export function readConversation(body: JsonObject): Conversation {
  return {
    messages: readMessages(body.messages as readonly unknown[]),
    tools: readTools(body),
    toolChoice: readToolChoice(body),
    parallelToolCalls: checked<boolean>(body.parallel_tool_calls),
    responseFormat: readResponseFormat(body.response_format),
    sampling: readSampling(body),
    reasoning: readReasoning(body),
    user: checked<string>(body.user),
    metadata: checked<JsonObject>(body.metadata),
    origin: OWN_ORIGIN,
    ...unreadField(body),
    extensions: readExtensions(body),
  }
}

function unreadField(body: JsonObject): Pick<Conversation, 'unread'> {
  const unread = unreadIn(body)
  return unread.length === 0 ? {} : { unread }
}

/** A field whose type `checkFields` has seen; `null` means absent. */
function checked<T>(value: unknown): T | undefined {
  return value === null ? undefined : (value as T | undefined)
}

function readSampling(body: JsonObject): Sampling {
  return {
    temperature: checked<number>(body.temperature),
    topP: checked<number>(body.top_p),
    topK: checked<number>(body.top_k),
    frequencyPenalty: checked<number>(body.frequency_penalty),
    presencePenalty: checked<number>(body.presence_penalty),
    seed: checked<number>(body.seed),
    stop: readStop(body.stop),
    maxOutputTokens:
      checked<number>(body.max_completion_tokens) ?? checked<number>(body.max_tokens),
    n: checked<number>(body.n),
    logprobs: checked<boolean>(body.logprobs),
    topLogprobs: checked<number>(body.top_logprobs),
    logitBias: readLogitBias(body.logit_bias),
  }
}

function readStop(value: unknown): readonly string[] | undefined {
  const stop = typeof value === 'string' ? [value] : checked<readonly string[]>(value)
  return stop === undefined || stop.length === 0 ? undefined : stop
}

function readLogitBias(value: unknown): Readonly<Record<string, number>> | undefined {
  const bias = checked<JsonObject>(value)
  if (bias === undefined) return undefined
  for (const [token, weight] of Object.entries(bias)) {
    if (typeof weight !== 'number') throw invalid(`logit_bias.${token}`, 'a number', weight)
  }
  return bias as Record<string, number>
}

function readReasoning(body: JsonObject): ReasoningRequest | undefined {
  const effort = checked<string>(body.reasoning_effort)
  return effort === undefined ? undefined : { effort }
}

function readResponseFormat(value: unknown): ResponseFormat | undefined {
  if (value === undefined || value === null) return undefined
  const format = placeOf(value, 'response_format')
  const { type } = format.value
  // Several services have the schema beside the type, and no name for it.
  const beside = optionalObject(format, 'schema')
  if (type === 'json_object' && beside !== undefined)
    return { type: 'json_schema', name: SCHEMA_NAME, schema: beside.value }
  if (type === 'text' || type === 'json_object') return { type }
  if (type === 'json_schema')
    return readJsonSchema(
      format.value.json_schema === undefined && beside !== undefined
        ? format
        : requiredObject(format, 'json_schema'),
    )
  throw invalid(pathOf(format, 'type'), '"text", "json_object" or "json_schema"', type)
}

/** Only the original service wants a name for the schema. */
const SCHEMA_NAME = 'response'

function readJsonSchema(place: Place): ResponseFormat {
  return {
    type: 'json_schema',
    name: optionalString(place, 'name') || SCHEMA_NAME,
    schema: optionalObject(place, 'schema')?.value ?? {},
    strict: optionalBoolean(place, 'strict'),
    description: optionalString(place, 'description'),
  }
}

/** `null` asks for the default, as does leaving the field out. */
function readExtensions(body: JsonObject): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).filter(
      ([field, value]) => !known.has(field) && value !== null && value !== undefined,
    ),
  )
}
