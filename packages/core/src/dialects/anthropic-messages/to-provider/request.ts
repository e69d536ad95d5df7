import { append } from '../../../foundation/lists.ts'
import { dropRefusedFields } from '../../claude/request-report.ts'
import { thinksWith } from '../../claude/thinking.ts'
import type { Conversation } from '../../model/conversation.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { oneChoice } from '../../model/invalid.ts'
import type { RequestContext } from './context.ts'
import { planMessages } from './messages.ts'
import { findModelRules } from './models.ts'
import { DEFAULT_VERSION, DIALECT } from '../names.ts'
import { planFormat } from './response-format.ts'
import { maxTokens, samplingFields } from './sampling.ts'
import { planThinking } from './thinking.ts'
import { forcesTool, toolFields } from './tools.ts'

/**
 * The request that asks a provider of this dialect for the next turn of the conversation. What it
 * cannot carry is repaired by rule and listed in `dropped`. Throws `unsupported_content` for parts
 * without which the question would be another one (audio, unreadable files) and for more than one
 * choice, `invalid_request` when no message says anything.
 */
export function buildRequest(conversation: Conversation, call: CallContext): BuiltRequest {
  const context: RequestContext = {
    provider: call.provider,
    dropUnsupported: call.dropUnsupported === true,
    rules: findModelRules(call.model),
    dropped: [],
  }
  const body: JsonObject = {
    ...ownFields(conversation),
    model: call.model,
    ...bodyFields(conversation, context),
  }
  if (call.stream) body.stream = true
  reportRest(conversation, context)
  dropRefusedFields(body, call.quirks.dropFields, context)
  return {
    path: '/v1/messages',
    headers: { 'anthropic-version': DEFAULT_VERSION },
    body,
    dropped: context.dropped,
  }
}

function bodyFields(conversation: Conversation, context: RequestContext): JsonObject {
  const { sampling } = conversation
  append(context.dropped, oneChoice(sampling.n, context))
  const format = planFormat(conversation, context)
  const plan = planMessages(conversation.messages, context)
  const tools = toolFields(
    conversation,
    { jsonTool: format.tool, namesInHistory: plan.toolNames },
    context,
  )
  const limit = maxTokens(sampling, context)
  const situation = {
    maxTokens: limit,
    toolIsForced: forcesTool(tools),
    unsignedToolLoop: plan.unsignedToolLoop,
  }
  const thinkingPlan = planThinking(conversation.reasoning, situation, context)
  const { thinking, effort } = thinkingPlan
  const outputConfig = {
    ...(effort === undefined ? {} : { effort }),
    ...(format.format === undefined ? {} : { format: format.format }),
  }
  return {
    max_tokens: limit,
    ...(plan.system === undefined ? {} : { system: plan.system }),
    messages: plan.messages,
    ...tools,
    ...samplingFields(sampling, thinksWith(thinkingPlan), context),
    ...(thinking === undefined ? {} : { thinking }),
    ...(Object.keys(outputConfig).length === 0 ? {} : { output_config: outputConfig }),
    ...(conversation.user === undefined ? {} : { metadata: { user_id: conversation.user } }),
  }
}

function reportRest(conversation: Conversation, context: RequestContext): void {
  if (conversation.metadata !== undefined && Object.keys(conversation.metadata).length > 0)
    context.dropped.push('metadata')
  append(
    context.dropped,
    Object.keys(conversation.extensions).filter((field) => !isOwnField(conversation, field)),
  )
}

/**
 * Fields of the request itself go back to the dialect they came from; those of its parts have lost
 * their place.
 */
function isOwnField({ origin }: Conversation, field: string): boolean {
  return origin === DIALECT && !field.includes('.')
}

function ownFields(conversation: Conversation): JsonObject {
  return Object.fromEntries(
    Object.entries(conversation.extensions).filter(([field]) => isOwnField(conversation, field)),
  )
}
