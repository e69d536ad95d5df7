import type { Part } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer } from '../../model/events.ts'
import { foreignError } from '../../wire/foreign-error.ts'
import { asObject, asObjects, asText } from '../../wire/json.ts'
import { serializeArguments } from '../arguments.ts'
import { mapAnnotations } from './citations.ts'
import { detailOf, invalidAnswer, readError } from './errors.ts'
import { mapFailure, mapFinishReason } from './finish.ts'
import { mapUsage } from './usage.ts'

/** Throws `upstream_invalid` for what is no answer, and the error an answer carries. */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const message = asObject(body.message)
  if (message === undefined) {
    const foreign = foreignError(body, call.provider)
    if (foreign !== undefined) throw foreign
    if (asText(body.message) !== undefined)
      throw readError({
        status: 500,
        headers: {},
        body: JSON.stringify(body),
        provider: call.provider,
        model: call.model,
      })
    throw invalidAnswer('sent an answer without a message', call.provider)
  }
  const failure = mapFailure(body.finish_reason, {
    provider: call.provider,
    detail: detailOf(body.error),
  })
  if (failure !== undefined) throw failure
  if (typeof body.finish_reason !== 'string')
    throw invalidAnswer('sent an answer that does not say how it ended', call.provider)
  const calls = asObjects(message.tool_calls).map((item) => callOf(item, call))
  const parts = [...contentOf(message.content), ...planOf(message.tool_plan), ...calls]
  const annotations = mapAnnotations(message.citations)
  return {
    id: asText(body.id),
    choices: [
      {
        parts,
        finish: mapFinishReason(body.finish_reason, { calledTools: calls.length > 0 }),
        ...(annotations.length === 0 ? {} : { annotations }),
      },
    ],
    usage: mapUsage(body.usage),
  }
}

/** A list of parts; a text by itself, as requests may have it, is not lost either. */
function contentOf(content: unknown): Part[] {
  const text = asText(content)
  return text === undefined ? asObjects(content).flatMap(partOf) : [{ type: 'text', text }]
}

function partOf(item: JsonObject): Part[] {
  if (item.type === 'thinking' && typeof item.thinking === 'string')
    return [{ type: 'reasoning', text: item.thinking }]
  return typeof item.text === 'string' ? [{ type: 'text', text: item.text }] : []
}

/** Text before tool calls, which is ordinary text. */
function planOf(plan: unknown): Part[] {
  const text = asText(plan)
  return text === undefined ? [] : [{ type: 'text', text }]
}

function callOf(item: JsonObject, { newId, provider }: CallContext): Part {
  const called = asObject(item.function)
  const name = asText(called?.name)
  if (name === undefined) throw invalidAnswer('called a tool without naming it', provider)
  return {
    type: 'tool-call',
    kind: 'function',
    id: asText(item.id) ?? newId('call_'),
    name,
    arguments: serializeArguments(called?.arguments),
  }
}
