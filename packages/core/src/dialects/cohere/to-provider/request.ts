import type { RequestContext } from './context.ts'
import { buildMessages } from './messages.ts'
import { samplingFields } from './sampling.ts'
import { toolFields } from './tools.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { Conversation, ReasoningRequest, ResponseFormat } from '../../model/conversation.ts'
import { oneChoice } from '../../model/invalid.ts'
import type { JsonObject } from '../../model/json-object.ts'

/**
 * The request for the next turn of the conversation. What it cannot carry is repaired by rule and
 * listed in `dropped`. Throws `unsupported_content` for parts and tools the service cannot take,
 * unless the route allows dropping them, and for more than one choice; `invalid_request` when no
 * message says anything.
 */
export function buildRequest(conversation: Conversation, call: CallContext): BuiltRequest {
  const context: RequestContext = {
    call,
    dropped: new Set(Object.keys(conversation.extensions)),
    thinks: call.model.includes('reasoning'),
  }
  const { n } = conversation.sampling
  for (const note of oneChoice(n, call)) context.dropped.add(note)
  if (conversation.user !== undefined) context.dropped.add('user')
  if (conversation.metadata !== undefined) context.dropped.add('metadata')
  const body: JsonObject = {
    model: call.model,
    messages: buildMessages(conversation.messages, context),
    ...toolFields(conversation, context),
    ...formatField(conversation, context),
    ...samplingFields(conversation.sampling, context),
    ...thinkingField(conversation.reasoning, context),
    stream: call.stream,
  }
  for (const field of call.quirks.dropFields ?? []) {
    if (body[field] === undefined) continue
    delete body[field]
    context.dropped.add(field)
  }
  return { path: '/v2/chat', body, dropped: [...context.dropped] }
}

function formatField(
  { responseFormat: format, tools }: Conversation,
  { dropped }: RequestContext,
): JsonObject {
  if (format === undefined || format.type === 'text') return {}
  if (tools.length > 0) {
    dropped.add('response_format (not beside tools)')
    return {}
  }
  return { response_format: { type: 'json_object', ...schemaOf(format) } }
}

function schemaOf(format: ResponseFormat): JsonObject {
  return format.type === 'json_schema' ? { json_schema: format.schema } : {}
}

/** Thinking is on or off, and may be bounded: of a scale between, only its ends have a meaning. */
function thinkingField(
  reasoning: ReasoningRequest | undefined,
  { thinks, dropped }: RequestContext,
): JsonObject {
  if (reasoning === undefined) return {}
  const { effort, budgetTokens } = reasoning
  if (!thinks) {
    if (effort !== undefined && effort !== 'none') dropped.add('reasoning_effort')
    if (budgetTokens !== undefined) dropped.add('reasoning budget in tokens')
    return {}
  }
  if (effort === 'none') return { thinking: { type: 'disabled' } }
  if (effort !== undefined && budgetTokens === undefined)
    dropped.add('reasoning_effort (on or off)')
  return {
    thinking: {
      type: 'enabled',
      ...(budgetTokens === undefined ? {} : { token_budget: budgetTokens }),
    },
  }
}
