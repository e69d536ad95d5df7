import type { Conversation, ResponseFormat, Sampling } from '../../model/conversation.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObject } from '../../wire/json.ts'
import { deviations } from './deviations.ts'
import { type Dropped, renderMessages } from './messages.ts'
import { OWN_ORIGIN } from '../from-provider/reasoning-details.ts'
import { renderTools } from './tools.ts'

/**
 * The request for a service whose base URL ends in its version (`/v1`). Throws
 * `unsupported_content` with `param`.
 */
export function buildRequest(conversation: Conversation, call: CallContext): BuiltRequest {
  const dropped: Dropped = new Set()
  const body = withoutAbsent({
    ...ownExtensions(conversation, dropped),
    model: call.model,
    messages: renderMessages(conversation.messages, { call, dropped }),
    ...renderTools(conversation, { call, dropped }),
    response_format:
      conversation.responseFormat && renderResponseFormat(conversation.responseFormat),
    ...renderSampling(conversation.sampling),
    [call.quirks.maxTokensField ?? 'max_tokens']: conversation.sampling.maxOutputTokens,
    reasoning_effort: conversation.reasoning?.effort,
    user: conversation.user,
    metadata: conversation.metadata,
    ...(call.stream ? streamFields(call) : {}),
  })
  if (conversation.reasoning?.budgetTokens !== undefined) dropped.add('reasoning budget in tokens')
  return {
    path: '/chat/completions',
    body: withoutAbsent({ ...body, ...deviations(body, call, dropped) }),
    dropped: [...dropped],
  }
}

/** Fields that OpenAI's other API calls by the same names. */
const SHARED_FIELDS: ReadonlySet<string> = new Set([
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'verbosity',
])

function ownExtensions({ origin, extensions }: Conversation, dropped: Dropped): JsonObject {
  if (origin === OWN_ORIGIN) return extensions
  // The newer API keeps how much is said with the form of what is said.
  const { text, ...rest } = extensions
  const { verbosity, ...others } = asObject(text) ?? {}
  const fields = Object.entries({
    ...rest,
    ...(verbosity !== undefined && { verbosity }),
    ...((verbosity === undefined ? text !== undefined : Object.keys(others).length > 0) && {
      text,
    }),
  })
  const isShared = ([name]: [string, unknown]): boolean =>
    origin === 'openai-responses' && SHARED_FIELDS.has(name)
  for (const [name] of fields.filter((field) => !isShared(field))) dropped.add(name)
  return Object.fromEntries(fields.filter(isShared))
}

/** Usage is always asked for: the gateway accounts for it even when the client does not care. */
function streamFields(call: CallContext): JsonObject {
  return call.quirks.noStreamOptions
    ? { stream: true }
    : { stream: true, stream_options: { include_usage: true } }
}

function renderSampling(sampling: Sampling): JsonObject {
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
    stop: sampling.stop,
    n: sampling.n,
    logprobs: sampling.logprobs,
    top_logprobs: sampling.topLogprobs,
    logit_bias: sampling.logitBias,
  }
}

function renderResponseFormat(format: ResponseFormat): JsonObject {
  if (format.type !== 'json_schema') return { type: format.type }
  const { name, schema, strict, description } = format
  return { type: 'json_schema', json_schema: { name, schema, strict, description } }
}

function withoutAbsent(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
}
