import type {
  Conversation,
  ReasoningRequest,
  ResponseFormat,
  Sampling,
} from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { optionalBoolean, optionalObject, optionalString, type Place } from '../../wire/fields.ts'
import {
  type Extensions,
  keepOthers,
  optionalInteger,
  optionalNumber,
  optionalStrings,
  spelled,
} from './fields.ts'
import { toJsonSchema } from './schema.ts'

/** Fields of `generationConfig` the neutral model has names for. */
const CONFIG_FIELDS: ReadonlySet<string> = new Set([
  'temperature',
  'topP',
  'topK',
  'maxOutputTokens',
  'stopSequences',
  'seed',
  'candidateCount',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'thinkingConfig',
])
const THINKING_FIELDS: ReadonlySet<string> = new Set([
  'thinkingBudget',
  'thinkingLevel',
  'includeThoughts',
])

/** `generationConfig`; fields no other API has are kept as extensions. */
export function readConfig(
  body: Place,
  extensions: Extensions,
): Pick<Conversation, 'sampling' | 'responseFormat' | 'reasoning'> {
  const config = optionalObject(body, spelled(body, 'generationConfig'))
  if (config === undefined) return { sampling: {} }
  keepOthers(config, 'generationConfig.', { known: CONFIG_FIELDS, extensions })
  return {
    sampling: readSampling(config),
    responseFormat: readResponseFormat(config, extensions),
    reasoning: readReasoning(config, extensions),
  }
}

function readSampling(config: Place): Sampling {
  const number = (name: string): number | undefined => optionalNumber(config, spelled(config, name))
  const integer = (name: string): number | undefined =>
    optionalInteger(config, spelled(config, name))
  const stop = optionalStrings(config, spelled(config, 'stopSequences'))
  return {
    temperature: number('temperature'),
    topP: number('topP'),
    topK: number('topK'),
    frequencyPenalty: number('frequencyPenalty'),
    presencePenalty: number('presencePenalty'),
    seed: integer('seed'),
    stop: stop.length === 0 ? undefined : stop,
    maxOutputTokens: integer('maxOutputTokens'),
    n: integer('candidateCount'),
    logprobs: optionalBoolean(config, spelled(config, 'responseLogprobs')),
    topLogprobs: integer('logprobs'),
  }
}

const JSON_TYPE = 'application/json'
/** The API has no name for the schema, others require one. */
const SCHEMA_NAME = 'response'

function readResponseFormat(config: Place, extensions: Extensions): ResponseFormat | undefined {
  const mediaType = optionalString(config, spelled(config, 'responseMimeType'))
  const schema = readResponseSchema(config)
  if (mediaType === 'text/plain') return { type: 'text' }
  if (mediaType !== undefined && mediaType !== '' && mediaType !== JSON_TYPE) {
    extensions['generationConfig.responseMimeType'] = mediaType
    return undefined
  }
  if (schema !== undefined) return { type: 'json_schema', name: SCHEMA_NAME, schema }
  return mediaType === JSON_TYPE ? { type: 'json_object' } : undefined
}

function readResponseSchema(config: Place): JsonObject | undefined {
  const json = optionalObject(config, spelled(config, 'responseJsonSchema'))
  if (json !== undefined) return json.value
  const own = optionalObject(config, spelled(config, 'responseSchema'))
  return own === undefined ? undefined : toJsonSchema(own.value)
}

const DYNAMIC_BUDGET = -1

/**
 * `includeThoughts` needs no counterpart: what a provider shows of its thoughts is always passed
 * on.
 */
function readReasoning(config: Place, extensions: Extensions): ReasoningRequest | undefined {
  const thinking = optionalObject(config, spelled(config, 'thinkingConfig'))
  if (thinking === undefined) return undefined
  keepOthers(thinking, 'generationConfig.thinkingConfig.', { known: THINKING_FIELDS, extensions })
  const level = optionalString(thinking, spelled(thinking, 'thinkingLevel'))
  const budgetTokens = optionalInteger(thinking, spelled(thinking, 'thinkingBudget'))
  if (level !== undefined && level !== '' && level !== 'THINKING_LEVEL_UNSPECIFIED')
    return { effort: level.toLowerCase(), budgetTokens }
  if (budgetTokens === 0) return { effort: 'none' }
  // The model decides, as it does when nothing is said.
  return budgetTokens === undefined || budgetTokens === DYNAMIC_BUDGET
    ? undefined
    : { budgetTokens }
}
