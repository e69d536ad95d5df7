import { forcesCall } from '../../claude/tool-choice.ts'
import { JSON_ANSWER_TOOL } from '../../claude/tool-names.ts'
import type { Conversation } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'
import { closeSchema } from './json-schema.ts'

/**
 * How the answer is held to the client's schema: by the decoder, by a tool the model must call, or
 * not at all.
 */
export interface FormatPlan {
  readonly format?: JsonObject
  readonly tool?: JsonObject
}

/** Plans `response_format`. Objects without a schema are left to the prompt, and reported. */
export function planFormat(conversation: Conversation, context: RequestContext): FormatPlan {
  const wanted = conversation.responseFormat
  const { rules, dropped } = context
  if (wanted === undefined || wanted.type === 'text') return {}
  if (wanted.type === 'json_object') {
    dropped.push('response_format (json_object is left to the prompt)')
    return {}
  }
  const closed = closeSchema(rootOf(wanted.schema))
  if (rules.structuredOutput && (closed.faithful || !rules.forcedToolChoice)) {
    if (!closed.faithful)
      dropped.push('response_format.json_schema.schema (open or recursive parts are closed)')
    if (closed.relaxed.length > 0)
      dropped.push(
        `response_format.json_schema.schema (not enforced: ${closed.relaxed.join(', ')})`,
      )
    return { format: { type: 'json_schema', schema: closed.schema } }
  }
  if (conversation.tools.length > 0 && forcesCall(conversation.toolChoice)) {
    dropped.push('response_format (a tool call is forced)')
    return {}
  }
  return {
    tool: {
      name: JSON_ANSWER_TOOL,
      description: wanted.description ?? `Gives the final answer to the user as ${wanted.name}.`,
      input_schema: { ...wanted.schema, type: 'object' },
    },
  }
}

/** An answer is an object, also where the schema does not say so. */
function rootOf(schema: JsonObject): JsonObject {
  const saysMore = ['type', '$ref', 'anyOf', 'oneOf', 'allOf'].some(
    (keyword) => schema[keyword] !== undefined,
  )
  return saysMore ? schema : { ...schema, type: 'object' }
}
