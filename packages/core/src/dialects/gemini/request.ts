import type { Conversation } from '../conversation.ts'
import type { BuiltRequest, CallContext, JsonObject } from '../dialect.ts'
import { buildContents } from './contents.ts'
import { generationConfig } from './generation-config.ts'
import { modelTraits } from './models.ts'
import { buildTools } from './tools.ts'

/** Fields of the provider's own request that clients may send along, in both spellings of its API. */
const CARRIED_EXTENSIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    safety_settings: 'safetySettings',
    safetySettings: 'safetySettings',
    cached_content: 'cachedContent',
    cachedContent: 'cachedContent',
  }),
)
const COLLECTIONS = ['models', 'tunedModels']

/** A conversation as a generateContent request; the key travels in a header, never in the path. */
export function buildRequest(conversation: Conversation, call: CallContext): BuiltRequest {
  const dropped = new Set<string>()
  const traits = modelTraits(call.model)
  const body: JsonObject = {
    ...buildContents(conversation.messages, { provider: call.provider, traits, dropped }),
    ...buildTools(conversation, dropped),
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
  return { path: pathOf(call), body, dropped: [...dropped] }
}

function pathOf({ model, stream }: CallContext): string {
  const slash = model.indexOf('/')
  const named = slash > 0 && COLLECTIONS.includes(model.slice(0, slash))
  const collection = named ? model.slice(0, slash) : 'models'
  const id = encodeURIComponent((named ? model.slice(slash + 1) : model).toWellFormed())
  return `/v1beta/${collection}/${id}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`
}
