import { append } from '../../../foundation/lists.ts'
import type { BuiltRequest, CallContext } from '../../model/call.ts'
import type { ChatRequest } from '../../model/request.ts'
import { modelPath } from '../from-client/model-path.ts'
import { modelTraits } from '../to-provider/models.ts'
import { repairHistory } from './history.ts'
import { providerOf, unmarkedContents } from './proofs.ts'
import { relayedQuery } from './query.ts'
import { GenerateRequest } from '../from-client/request.ts'

/**
 * The client's request for a provider of the same dialect: its own bytes, at the path of the
 * target's model. They are rewritten only when the history holds what this provider would
 * refuse, and that is reported.
 */
export function relayRequest(request: ChatRequest, call: CallContext): BuiltRequest {
  const dropped: string[] = []
  const { version, query } = placeOf(request)
  const action = request.stream ? 'streamGenerateContent' : 'generateContent'
  const path =
    modelPath({ model: call.model, action, version }) +
    relayedQuery(query, { stream: request.stream, dropped })
  const body = changedBody(request, call, dropped)
  return { path, body: body ?? request.bytes ?? request.body, dropped }
}

function placeOf(request: ChatRequest): Pick<GenerateRequest, 'version' | 'query'> {
  return request instanceof GenerateRequest
    ? request
    : { version: 'v1beta', query: new URLSearchParams() }
}

/** `undefined` when the body can stay as it is. */
function changedBody(
  { body }: ChatRequest,
  call: CallContext,
  dropped: string[],
): Record<string, unknown> | undefined {
  const refused = (call.quirks.dropFields ?? []).filter((field) => body[field] !== undefined)
  append(dropped, refused)
  const repairs = new Set<string>()
  const unmarked = unmarkedContents(body['contents'], providerOf(call.issuer))
  const repaired = repairHistory(unmarked ?? body['contents'], {
    traits: modelTraits(call.model),
    dropped: repairs,
  })
  append(dropped, repairs)
  const contents = repaired ?? unmarked
  // The path names the model; here it would be the client's name for it.
  const remove = body['model'] === undefined ? refused : [...refused, 'model']
  if (remove.length === 0 && contents === undefined) return undefined
  const kept = Object.fromEntries(Object.entries(body).filter(([field]) => !remove.includes(field)))
  return contents === undefined ? kept : { ...kept, contents }
}
