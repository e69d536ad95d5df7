import { forcesCall } from '../../claude/tool-choice.ts'
import { JSON_ANSWER_TOOL } from '../../claude/tool-names.ts'
import type { Conversation } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { isClosed } from './closed-schema.ts'
import type { RequestContext } from './context.ts'

/**
 * How the answer is held to the client's schema: by the decoder, by a tool the model must call, or
 * not at all.
 */
export interface FormatPlan {
  /** `outputConfig.textFormat` */
  readonly textFormat?: JsonObject
  /** The tool to answer through. */
  readonly tool?: JsonObject
}

/**
 * Plans `response_format`. What neither the decoder nor a tool can promise is left to the prompt,
 * and reported.
 */
export function planFormat(conversation: Conversation, context: RequestContext): FormatPlan {
  const wanted = conversation.responseFormat
  const { rules, dropped } = context
  if (wanted === undefined || wanted.type === 'text') return {}
  if (wanted.type === 'json_object') {
    dropped.push('response_format (json_object is left to the prompt)')
    return {}
  }
  const { name, description, schema } = wanted
  if (rules.structuredOutput && isClosed(schema)) {
    // The schema travels as text.
    const jsonSchema = {
      schema: JSON.stringify(schema),
      name,
      ...(description === undefined ? {} : { description }),
    }
    return { textFormat: { type: 'json_schema', structure: { jsonSchema } } }
  }
  if (!rules.toolChoices.includes('any')) {
    dropped.push(
      'response_format (the schema is left to the prompt: the model can neither be held to it nor be made to call a tool)',
    )
    return {}
  }
  if (conversation.tools.length > 0 && forcesCall(conversation.toolChoice)) {
    dropped.push('response_format (a tool call is forced)')
    return {}
  }
  return {
    tool: {
      toolSpec: {
        name: JSON_ANSWER_TOOL,
        description: description ?? `Gives the final answer to the user as ${name}.`,
        inputSchema: { json: { ...schema, type: 'object' } },
      },
    },
  }
}
