import type { JsonObject } from '../../model/json-object.ts'
import type { RenderContext } from '../../model/stream.ts'
import type { Finish } from '../../model/finish.ts'
import { asObject, asObjects } from '../../wire/json.ts'
import type { Usage } from '../../model/usage.ts'
import { responseId } from './own-items.ts'

/** Fields of a response that change while it is made. */
export interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  readonly output: readonly JsonObject[]
  readonly model?: string | undefined
  /** Unix seconds. */
  readonly created?: number | undefined
  readonly usage?: Usage | undefined
  readonly incompleteReason?: string | undefined
  readonly error?: JsonObject | undefined
}

/**
 * The response: what the answer says, and with it every setting the request had or left to its
 * default.
 */
export function responseObject(context: RenderContext, state: ResponseState): JsonObject {
  return { ...stateFields(context, state), ...echoedFields(context.request.body) }
}

export function stateFields(context: RenderContext, state: ResponseState): JsonObject {
  const { status, incompleteReason } = state
  const created = state.created ?? context.created
  return {
    id: responseId(context.requestId),
    object: 'response',
    created_at: created,
    completed_at: status === 'completed' ? Math.max(created, context.created) : null,
    status,
    error: state.error ?? null,
    incomplete_details: incompleteReason === undefined ? null : { reason: incompleteReason },
    model: state.model ?? context.model,
    output: state.output,
    usage: state.usage === undefined ? null : usageObject(state.usage),
  }
}

/** Status fields of a finished answer. */
export function endOf({ reason }: Finish): Pick<ResponseState, 'incompleteReason'> & {
  readonly status: 'completed' | 'incomplete'
} {
  switch (reason) {
    case 'length':
      return { status: 'incomplete', incompleteReason: 'max_output_tokens' }
    case 'content_filter':
      return { status: 'incomplete', incompleteReason: 'content_filter' }
    default:
      return { status: 'completed' }
  }
}

function usageObject({
  inputTokens,
  outputTokens,
  cachedTokens,
  cacheWriteTokens,
  reasoningTokens,
}: Usage): JsonObject {
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: cachedTokens ?? 0,
      ...(cacheWriteTokens === undefined ? {} : { cache_write_tokens: cacheWriteTokens }),
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
    total_tokens: inputTokens + outputTokens,
  }
}

/**
 * The settings a response repeats, all of them: clients read them without asking whether they are
 * there. Nothing is ever stored, whatever was asked.
 */
export function echoedFields(body: JsonObject): JsonObject {
  const { format, ...text } = asObject(body.text) ?? {}
  const reasoning = asObject(body.reasoning)
  return {
    previous_response_id: null,
    instructions: body.instructions ?? null,
    tools: asObjects(body.tools).map(echoedTool),
    tool_choice: body.tool_choice ?? 'auto',
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    text: { format: echoedFormat(asObject(format)), ...text },
    reasoning: {
      ...reasoning,
      effort: reasoning?.effort ?? null,
      summary: reasoning?.summary ?? null,
    },
    truncation: body.truncation ?? 'disabled',
    temperature: body.temperature ?? 1,
    top_p: body.top_p ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    top_logprobs: body.top_logprobs ?? 0,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    store: false,
    background: false,
    service_tier: 'default',
    metadata: body.metadata ?? {},
    user: body.user ?? null,
    safety_identifier: body.safety_identifier ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
  }
}

function echoedTool(tool: JsonObject): JsonObject {
  if (tool.type !== 'function') return tool
  return {
    ...tool,
    description: tool.description ?? null,
    parameters: tool.parameters ?? null,
    strict: tool.strict ?? null,
  }
}

function echoedFormat(format: JsonObject | undefined): JsonObject {
  if (format?.type !== 'json_schema') return format ?? { type: 'text' }
  return { ...format, description: format.description ?? null, strict: format.strict ?? false }
}
