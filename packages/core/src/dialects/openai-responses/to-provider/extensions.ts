import type { Conversation } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RequestContext } from './context.ts'
import { DIALECT } from '../names.ts'

/** Requests of OpenAI's other interface, whose fields are partly the same. */
const CHAT = 'openai-chat'

/** Fields with the same name and meaning in both interfaces of OpenAI. */
const shared: ReadonlySet<string> = new Set([
  'moderation',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
])

/** Fields that ask for what needs the provider's memory of answers. */
const stateful: ReadonlySet<string> = new Set([
  'background',
  'conversation',
  'previous_response_id',
  'store',
])

export interface ExtensionPlan {
  readonly fields: JsonObject
  /** Fields of `text` other than its format. */
  readonly text: JsonObject
  /** Fields of `reasoning` other than its effort. */
  readonly reasoning: JsonObject
  readonly include: readonly string[]
}

/**
 * Request fields the neutral model has no name for: those the target understands, the rest is
 * reported.
 */
export function planExtensions(
  { origin, extensions }: Conversation,
  { dropped }: RequestContext,
): ExtensionPlan {
  const { text, reasoning, include, ...rest } = origin === DIALECT ? extensions : ({} as JsonObject)
  const fields: JsonObject = {}
  const ownText: JsonObject = { ...(text as JsonObject | undefined) }
  for (const [field, value] of Object.entries(origin === DIALECT ? rest : extensions)) {
    if (stateful.has(field)) {
      if (value !== false) dropped.add(field)
    } else if (origin === DIALECT || (origin === CHAT && shared.has(field))) fields[field] = value
    else if (origin === CHAT && field === 'verbosity') ownText.verbosity = value
    else dropped.add(field)
  }
  return {
    fields,
    text: ownText,
    reasoning: { ...(reasoning as JsonObject | undefined) },
    include: Array.isArray(include) ? (include as string[]) : [],
  }
}
