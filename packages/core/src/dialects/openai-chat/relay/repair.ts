import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { FinishReason } from '../../model/finish.ts'
import { argumentsText } from '../from-provider/answer.ts'
import { mapFinishReason } from '../from-provider/chunk-rules.ts'
import { thinkingText } from '../from-client/content.ts'
import { asList, asObject, asText } from '../../wire/json.ts'

/**
 * Brings the message or delta of a compatible service to OpenAI's letter, in place: text is a
 * string, visible thinking is `reasoning_content`. Unknown fields stay. True when something
 * changed.
 */
export function repairContent(message: JsonObject): boolean {
  let changed = false
  if (Array.isArray(message.content)) {
    const { text, thinking } = splitContent(message.content)
    message.content = text === '' && thinking !== '' ? null : text
    if (thinking !== '')
      message.reasoning_content = (asText(message.reasoning_content) ?? '') + thinking
    changed = true
  }
  const reasoning = asText(message.reasoning)
  if (reasoning !== undefined && asText(message.reasoning_content) === undefined) {
    message.reasoning_content = reasoning
    changed = true
  }
  return changed
}

/** Thinking models of some services answer with parts where OpenAI has a string. */
function splitContent(parts: readonly unknown[]): { text: string; thinking: string } {
  let text = ''
  let thinking = ''
  for (const item of parts) {
    const part = asObject(item)
    if (part === undefined) text += typeof item === 'string' ? item : ''
    else if (part.type === 'thinking') thinking += thinkingText(part.thinking)
    else text += asText(part.text) ?? ''
  }
  return { text, thinking }
}

/** `finish_reason` in OpenAI's words; `null` while the choice goes on. */
export function finishReason(value: unknown, calledTools: boolean): FinishReason | null {
  const finish = mapFinishReason(value)
  if (finish === undefined) return null
  return finish.reason === 'stop' && calledTools ? 'tool_calls' : finish.reason
}

/** A whole answer of a compatible service, mended in place. True when something changed. */
export function repairAnswer(body: JsonObject, call: CallContext): boolean {
  let changed = repairHead(body, call)
  const choices = asList(body.choices)
  choices.forEach((item, at) => {
    const choice = asObject(item)
    if (choice === undefined) return
    if (choice.index === undefined) {
      choice.index = at
      changed = true
    }
    if (repairMissingMessage(choice)) changed = true
    const message = asObject(choice.message) ?? {}
    if (message.role !== 'assistant') {
      message.role = 'assistant'
      changed = true
    }
    if (repairContent(message)) changed = true
    if (message.content === undefined) {
      message.content = null
      changed = true
    }
    const calls = asList(message.tool_calls)
    for (const tool of calls) if (repairToolCall(asObject(tool), call)) changed = true
    // Clients of the older API run their function on its own word.
    const isLegacy =
      choice.finish_reason === 'function_call' &&
      calls.length === 0 &&
      asObject(message.function_call) !== undefined
    const reason = isLegacy
      ? 'function_call'
      : (finishReason(choice.finish_reason, calls.length > 0) ??
        (call.quirks.noFinish ? (calls.length > 0 ? 'tool_calls' : 'stop') : null))
    if (reason !== choice.finish_reason) {
      choice.finish_reason = reason
      changed = true
    }
  })
  return changed
}

/** First fields of every answer, for services that leave them out. */
function repairHead(body: JsonObject, { newId, model, created }: CallContext): boolean {
  const missing: JsonObject = {
    ...(asText(body.id) === undefined ? { id: newId('chatcmpl-') } : {}),
    ...(asText(body.object) === undefined ? { object: 'chat.completion' } : {}),
    ...(typeof body.created === 'number' ? {} : { created: created ?? 0 }),
    ...(asText(body.model) === undefined ? { model } : {}),
  }
  Object.assign(body, missing)
  return Object.keys(missing).length > 0
}

/**
 * A choice that a filter emptied has no message, which every client reads without asking whether it
 * is there.
 */
export function repairMissingMessage(choice: JsonObject): boolean {
  if (asObject(choice.message) !== undefined) return false
  choice.message = { role: 'assistant', content: asText(choice.text) ?? '', refusal: null }
  return true
}

function repairToolCall(tool: JsonObject | undefined, call: CallContext): boolean {
  if (tool === undefined) return false
  let changed = false
  if (asText(tool.id) === undefined) {
    tool.id = call.newId('call_')
    changed = true
  }
  if (asText(tool.type) === undefined) {
    tool.type = 'function'
    changed = true
  }
  const description = asObject(tool.function)
  if (description === undefined) return changed
  // A call without arguments has none to parse but `{}`.
  const text = argumentsText(description.arguments) || '{}'
  if (text !== description.arguments) {
    description.arguments = text
    changed = true
  }
  return changed
}
