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
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { isObject, asStrings } from '../../wire/json.ts'
import { readMessages } from './input-items.ts'
import { DIALECT } from '../names.ts'
import { Namespaces } from './namespaces.ts'
import { refuseStoredState } from './stored-state.ts'
import { readToolChoice, readTools } from './tools.ts'
import { unreadIn } from './unread.ts'

/** Fields the neutral model has names for, and those that only concern this connection. */
const known = new Set([
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'include',
  'max_output_tokens',
  'temperature',
  'top_p',
  'top_logprobs',
  'presence_penalty',
  'frequency_penalty',
  'user',
  'metadata',
  'background',
])

const LOGPROBS = 'message.output_text.logprobs'
/** Answers always have both, where the target gives them. */
const given: ReadonlySet<string> = new Set([LOGPROBS, 'reasoning.encrypted_content'])

/**
 * The whole request in the neutral model. `body` has passed `checkFields`, so the types of its
 * top-level fields are known here. Throws `invalid_request` or `unsupported_content` with `param`,
 * also for what needs a store.
 */
export function readConversation(body: JsonObject): Conversation {
  refuseStoredState(body)
  const place = { value: body, path: '' }
  const text = optionalObject(place, 'text')
  const reasoning = optionalObject(place, 'reasoning')
  const safetyIdentifier = checked<string>(body.safety_identifier)
  const user = checked<string>(body.user) ?? safetyIdentifier
  const namespaces = new Namespaces(body)
  return {
    origin: DIALECT,
    messages: readMessages(body, namespaces),
    tools: readTools(body, namespaces),
    toolChoice: readToolChoice(body.tool_choice, namespaces),
    parallelToolCalls: checked<boolean>(body.parallel_tool_calls),
    responseFormat:
      text === undefined ? undefined : readResponseFormat(optionalObject(text, 'format')),
    sampling: readSampling(body),
    reasoning: reasoning === undefined ? undefined : readReasoning(reasoning),
    user,
    metadata: checked<JsonObject>(body.metadata),
    ...unreadField(body),
    extensions: {
      ...withoutAbsent(body, (field) => known.has(field) || isSaid(field, body)),
      ...rest('text', text, 'format'),
      ...rest('reasoning', reasoning, 'effort'),
      ...readInclude(body.include),
    },
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
  const topLogprobs = checked<number>(body.top_logprobs) || undefined
  return {
    temperature: checked<number>(body.temperature),
    topP: checked<number>(body.top_p),
    frequencyPenalty: checked<number>(body.frequency_penalty),
    presencePenalty: checked<number>(body.presence_penalty),
    maxOutputTokens: checked<number>(body.max_output_tokens),
    logprobs:
      topLogprobs !== undefined || asStrings(body.include).includes(LOGPROBS) ? true : undefined,
    topLogprobs,
  }
}

function readReasoning(reasoning: Place): ReasoningRequest | undefined {
  const effort = optionalString(reasoning, 'effort')
  return effort === undefined ? undefined : { effort }
}

function readResponseFormat(format: Place | undefined): ResponseFormat | undefined {
  if (format === undefined) return undefined
  const { type } = format.value
  if (type === 'text' || type === 'json_object') return { type }
  if (
    type === 'json_schema' &&
    format.value.schema === undefined &&
    isObject(format.value.json_schema)
  )
    return readResponseFormat({
      value: { type, ...format.value.json_schema },
      path: pathOf(format, 'json_schema'),
    })
  if (type !== 'json_schema')
    throw invalid(pathOf(format, 'type'), '"text", "json_object" or "json_schema"', type)
  return {
    type,
    name: optionalString(format, 'name') || 'response',
    schema: optionalObject(format, 'schema')?.value ?? {},
    strict: optionalBoolean(format, 'strict'),
    description: optionalString(format, 'description'),
  }
}

/**
 * Whether the conversation already says it: nothing is ever stored, and the end user has one id.
 */
function isSaid(field: string, { store, user }: JsonObject): boolean {
  if (field === 'store') return store === false
  return field === 'safety_identifier' && checked<string>(user) === undefined
}

/** Fields of an object without a name in the neutral model. */
function rest(field: string, place: Place | undefined, named: string): JsonObject {
  const others = place === undefined ? {} : withoutAbsent(place.value, (key) => key === named)
  return Object.keys(others).length === 0 ? {} : { [field]: others }
}

function readInclude(include: unknown): JsonObject {
  const others = asStrings(include).filter((item) => !given.has(item))
  return others.length === 0 ? {} : { include: others }
}

/** `null` asks for the default, as does leaving the field out. */
function withoutAbsent(object: JsonObject, isNamed: (field: string) => boolean): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([field, value]) => !isNamed(field) && value !== null && value !== undefined,
    ),
  )
}
