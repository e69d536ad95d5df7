import { append } from '../../../foundation/lists.ts'
import { dropRefusedFields } from '../../claude/request-report.ts'
import type { Conversation } from '../../model/conversation.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { oneChoice } from '../../model/invalid.ts'
import type { RequestContext } from './context.ts'
import { planMessages } from './messages.ts'
import { findModelRules } from './models.ts'
import { mergeFields } from './own-fields.ts'
import { requestMetadata } from './request-metadata.ts'
import { planFormat } from './response-format.ts'
import { planSampling } from './sampling.ts'
import { planThinking } from './thinking.ts'
import { planTools } from './tools.ts'

/**
 * The request that asks a model for the next turn of the conversation. What it cannot carry is
 * repaired by rule and listed in `dropped`. Throws `unsupported_content` for parts and tools the
 * service cannot take, unless the route allows dropping them, and for more than one choice;
 * `invalid_request` when no message says anything.
 */
export function buildRequest(conversation: Conversation, call: CallContext): BuiltRequest {
  const context: RequestContext = {
    provider: call.provider,
    dropUnsupported: call.dropUnsupported === true,
    rules: findModelRules(call.model),
    dropped: [],
    documentNames: new Set(),
  }
  const body = bodyOf(conversation, context)
  append(context.dropped, Object.keys(conversation.extensions))
  dropRefusedFields(body, call.quirks.dropFields, context)
  // An id holds `:`, an ARN also `/`: still one segment of the path.
  return {
    path: `/model/${encodeURIComponent(call.model)}/${call.stream ? 'converse-stream' : 'converse'}`,
    body,
    dropped: context.dropped,
  }
}

function bodyOf(conversation: Conversation, context: RequestContext): JsonObject {
  const { sampling } = conversation
  append(context.dropped, oneChoice(sampling.n, context))
  const format = planFormat(conversation, context)
  const plan = planMessages(conversation.messages, context)
  const tools = planTools(
    conversation,
    { jsonTool: format.tool, namesInHistory: plan.toolNames, usesTools: plan.usesTools },
    context,
  )
  const situation = {
    maxTokens: sampling.maxOutputTokens,
    toolIsForced: tools.isForced,
    unsignedToolLoop: plan.unsignedToolLoop,
  }
  const thinking = planThinking(conversation.reasoning, situation, context)
  const { inferenceConfig, ownFields } = planSampling(sampling, thinking.sampling, context)
  const outputConfig = {
    ...(format.textFormat === undefined ? {} : { textFormat: format.textFormat }),
    ...(thinking.effort === undefined ? {} : { effort: thinking.effort }),
  }
  const additional = mergeFields([ownFields, thinking.ownFields, tools.ownFields])
  const metadata = requestMetadata(conversation, context)
  return {
    messages: plan.messages,
    ...(plan.system.length === 0 ? {} : { system: plan.system }),
    ...unlessEmpty('inferenceConfig', inferenceConfig),
    ...(tools.toolConfig === undefined ? {} : { toolConfig: tools.toolConfig }),
    ...unlessEmpty('outputConfig', outputConfig),
    ...unlessEmpty('additionalModelRequestFields', additional),
    ...(context.rules.namesStopSequence && inferenceConfig.stopSequences !== undefined
      ? { additionalModelResponseFieldPaths: [STOP_SEQUENCE] }
      : {}),
    ...(metadata === undefined ? {} : { requestMetadata: metadata }),
  }
}

/**
 * Where the model says which stop sequence ended its answer; the service leaves it out unless
 * asked.
 */
const STOP_SEQUENCE = '/delta/stop_sequence'

function unlessEmpty(name: string, value: JsonObject): JsonObject {
  return Object.keys(value).length === 0 ? {} : { [name]: value }
}
