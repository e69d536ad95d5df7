import type { Conversation, Message, ResponseFormat } from '../../model/conversation.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'
import { planExtensions } from './extensions.ts'
import { inputItems } from './input-items.ts'
import { findModelRules } from './models.ts'
import { effortOf } from './reasoning.ts'
import { planSampling } from './sampling.ts'
import { toolFields } from './tools.ts'
import { DIALECT } from '../names.ts'

/** Value of `include` that requests the model's reasoning in a form that can be sent back. */
const ENCRYPTED_REASONING = 'reasoning.encrypted_content'

/**
 * The request for the next turn of the conversation, from a service whose base URL ends in its
 * version (`/v1`). Nothing is ever stored: the whole history travels, reasoning encrypted. A
 * summary of the reasoning is not asked for unless the client spoke this dialect and did: the
 * provider refuses it to organisations it has not verified.
 *
 * Throws `unsupported_content` with `param` for parts and tools the dialect has no place for, and
 * for more than one choice, unless the route allows leaving them out.
 */
export function buildRequest(conversation: Conversation, call: CallContext): BuiltRequest {
  const context: RequestContext = {
    call,
    rules: findModelRules(call.model),
    origin: conversation.origin,
    dropped: new Set(),
  }
  const body = {
    model: call.model,
    ...bodyFields(conversation, context),
    ...(call.stream ? { stream: true } : {}),
  }
  return { path: '/responses', body: withoutRefused(body, context), dropped: [...context.dropped] }
}

function bodyFields(conversation: Conversation, context: RequestContext): JsonObject {
  const { metadata, user, responseFormat } = conversation
  const own = planExtensions(conversation, context)
  const effort = effortOf(conversation.reasoning, context)
  const sampling = planSampling(conversation.sampling, effort, context)
  const reasoning = effort === undefined ? own.reasoning : { ...own.reasoning, effort }
  const text =
    responseFormat === undefined ? own.text : { ...own.text, format: wireFormat(responseFormat) }
  const include = new Set([...own.include, ...sampling.include])
  if (returnsReasoning(conversation, effort, context)) include.add(ENCRYPTED_REASONING)
  return {
    ...own.fields,
    input: inputItems(conversation.messages, context),
    ...toolFields(conversation, context),
    ...sampling.fields,
    ...(isEmpty(reasoning) ? {} : { reasoning }),
    ...(isEmpty(text) ? {} : { text }),
    ...(include.size === 0 ? {} : { include: [...include] }),
    ...(metadata === undefined || isEmpty(metadata) ? {} : { metadata }),
    ...(user === undefined ? {} : { user }),
    store: false,
  }
}

function isEmpty(value: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(value).length === 0
}

/**
 * A model without reasoning refuses that value, so an unknown model gets it only when it reasons or
 * has reasoned.
 */
function returnsReasoning(
  conversation: Conversation,
  effort: string | undefined,
  { rules }: RequestContext,
): boolean {
  return (
    rules.reasons ??
    ((effort !== undefined && effort !== 'none') || conversation.messages.some(holdsReasoning))
  )
}

function holdsReasoning(message: Message): boolean {
  return message.parts.some(
    (part) => part.type === 'reasoning' && part.signature?.origin === DIALECT,
  )
}

function wireFormat(format: ResponseFormat): JsonObject {
  if (format.type !== 'json_schema') return { type: format.type }
  const { name, schema, strict, description } = format
  return {
    type: 'json_schema',
    name,
    schema,
    ...(strict === undefined ? {} : { strict }),
    ...(description === undefined ? {} : { description }),
  }
}

function withoutRefused(body: JsonObject, { call, dropped }: RequestContext): JsonObject {
  const refused = (call.quirks.dropFields ?? []).filter((field) => Object.hasOwn(body, field))
  if (refused.length === 0) return body
  for (const field of refused) dropped.add(field)
  return Object.fromEntries(Object.entries(body).filter(([field]) => !refused.includes(field)))
}
