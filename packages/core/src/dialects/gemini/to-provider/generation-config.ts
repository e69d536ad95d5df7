import type { Conversation, ResponseFormat, Sampling } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { ModelTraits } from './models.ts'
import { convertSchema } from './schema.ts'
import { thinkingConfig } from './thinking.ts'

/** Sampling options the provider has under a name of its own, carried as they are. */
const SAMPLING_FIELDS = [
  ['temperature', 'temperature'],
  ['topP', 'topP'],
  ['topK', 'topK'],
  ['frequencyPenalty', 'frequencyPenalty'],
  ['presencePenalty', 'presencePenalty'],
  ['maxOutputTokens', 'maxOutputTokens'],
] as const satisfies readonly (readonly [keyof Sampling, string])[]

const MAX_STOP_SEQUENCES = 5
const MAX_SEED = 2 ** 31

/** `generationConfig` of a request; `undefined` when the client left everything to the provider. */
export function generationConfig(
  conversation: Conversation,
  traits: ModelTraits,
  dropped: Set<string>,
): JsonObject | undefined {
  const config = {
    ...samplingConfig(conversation.sampling, dropped),
    ...formatConfig(conversation.responseFormat, dropped),
  }
  const thinking = thinkingConfig(conversation.reasoning, traits.thinking, dropped)
  if (thinking !== undefined) config['thinkingConfig'] = thinking
  return Object.keys(config).length === 0 ? undefined : config
}

function samplingConfig(sampling: Sampling, dropped: Set<string>): JsonObject {
  const config: JsonObject = {}
  for (const [field, name] of SAMPLING_FIELDS) {
    if (sampling[field] !== undefined) config[name] = sampling[field]
  }
  const { stop, seed, n, logprobs, topLogprobs, logitBias } = sampling
  if (stop !== undefined && stop.length > 0)
    config['stopSequences'] = stop.slice(0, MAX_STOP_SEQUENCES)
  if (stop !== undefined && stop.length > MAX_STOP_SEQUENCES)
    dropped.add(`stop (only the first ${MAX_STOP_SEQUENCES})`)
  if (n !== undefined && n > 1) config['candidateCount'] = n
  if (logprobs === true) {
    config['responseLogprobs'] = true
    if (topLogprobs !== undefined && topLogprobs > 0) config['logprobs'] = topLogprobs
  }
  if (seed !== undefined && seed >= -MAX_SEED && seed < MAX_SEED) config['seed'] = seed
  else if (seed !== undefined) dropped.add('seed (more than 32 bits)')
  if (logitBias !== undefined) dropped.add('logit_bias')
  return config
}

function formatConfig(format: ResponseFormat | undefined, dropped: Set<string>): JsonObject {
  if (format === undefined || format.type === 'text') return {}
  if (format.type === 'json_object') return { responseMimeType: 'application/json' }
  const { schema, lost } = convertSchema(format.schema, 'response_format.json_schema.schema')
  if (lost.length > 0) dropped.add(`response_format.schema (${lost.join(', ')})`)
  if (schema === undefined) return { responseMimeType: 'application/json' }
  const describes = format.description !== undefined && schema['anyOf'] === undefined
  return {
    responseMimeType: 'application/json',
    responseSchema: describes ? { description: format.description, ...schema } : schema,
  }
}
