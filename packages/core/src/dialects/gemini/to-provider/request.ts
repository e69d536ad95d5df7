import type { Conversation } from '../../model/conversation.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { buildContents } from './contents.ts'
import { generationConfig } from './generation-config.ts'
import { modelPath } from '../from-client/model-path.ts'
import { modelTraits } from './models.ts'
import { buildTools } from './tools.ts'

/**
 * Fields of the provider's own request that clients may send along, in both spellings of its API.
 */
const CARRIED_EXTENSIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    safety_settings: 'safetySettings',
    safetySettings: 'safetySettings',
    cached_content: 'cachedContent',
    cachedContent: 'cachedContent',
  }),
)

/** A conversation as a generateContent request; the key travels in a header, never in the path. */
export function buildRequest(conversation: Conversation, call: CallContext): BuiltRequest {
  const dropped = new Set<string>()
  const traits = modelTraits(call.model)
  const body: JsonObject = {
    ...buildContents(conversation.messages, {
      provider: call.provider,
      dropUnsupported: call.dropUnsupported === true,
      traits,
      dropped,
    }),
    ...buildTools(conversation, { call, dropped }),
  }
  const config = generationConfig(conversation, traits, dropped)
  if (config !== undefined) body['generationConfig'] = config
  for (const [name, value] of Object.entries(conversation.extensions)) {
    const field = CARRIED_EXTENSIONS.get(name)
    if (field === undefined) dropped.add(name)
    else body[field] = value
  }
  if (conversation.user !== undefined) dropped.add('user')
  if (conversation.metadata !== undefined) dropped.add('metadata')
  if (conversation.parallelToolCalls === false) dropped.add('parallel_tool_calls')
  const action = call.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  return { path: modelPath({ model: call.model, action }), body, dropped: [...dropped] }
}
