import { GatewayError } from '../../../errors.ts'
import type { Part, ToolCallPart } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer, AnswerChoice } from '../../model/events.ts'
import type { Finish } from '../../model/finish.ts'
import { errorOf, mapFinishReason, mapUsage } from './chunk-rules.ts'
import { mapAnnotations, type Source, sourcesBeside } from './sources-beside.ts'
import { thinkingText } from '../from-client/content.ts'
import { readImages } from '../from-client/images.ts'
import { asList, asObject, asObjects, asText } from '../../wire/json.ts'
import { OWN_ORIGIN, reasoningPartsOf, toolCallSignatureOf } from './reasoning-details.ts'

/**
 * Reads a whole answer, leniently. Throws the error the body carries, or `upstream_invalid` when it
 * is no answer.
 */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const error = errorOf(body, call.provider)
  if (error !== undefined) throw error
  const choices = asObjects(body.choices)
  if (choices.length === 0) {
    throw new GatewayError(
      'upstream_invalid',
      `${call.provider} sent an answer without a single choice.`,
      { provider: call.provider },
    )
  }
  const sources = sourcesBeside(body)
  return {
    ...readHead(body),
    choices: choices.map((choice) => withSources(readChoice(choice, call), sources)),
    usage: mapUsage(body),
  }
}

function withSources(choice: AnswerChoice, sources: readonly Source[]): AnswerChoice {
  if (sources.length === 0 || choice.annotations !== undefined) return choice
  return {
    ...choice,
    annotations: mapAnnotations(
      sources,
      choice.parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    ),
  }
}

/** Id, model and time of an answer or a chunk; some services send `''` and `0`. */
export function readHead(body: JsonObject): Pick<Answer, 'id' | 'model' | 'created'> {
  const { created } = body
  return {
    id: asText(body.id),
    model: asText(body.model),
    created: typeof created === 'number' && created > 0 ? Math.floor(created) : undefined,
  }
}

function readChoice(choice: JsonObject, call: CallContext): AnswerChoice {
  const message = asObject(choice.message) ?? {}
  const calls = readToolCalls(message, call)
  const refusal = asText(message.refusal)
  const annotations = asList(message.annotations)
  return {
    parts: [
      ...reasoningPartsOf(message),
      ...readAnswerContent(message.content),
      ...(refusal === undefined ? [] : [{ type: 'refusal' as const, text: refusal }]),
      ...readImages(message.images),
      ...calls,
      ...readAudio(message.audio),
    ],
    finish: wholeFinish(choice, {
      calledTools: calls.length > 0,
      exact: call.quirks.exact === true,
    }),
    logprobs: choice.logprobs ?? undefined,
    annotations: annotations.length === 0 ? undefined : annotations,
  }
}

/** `content` as services write it: a string, or parts that may hold thinking. */
export function readAnswerContent(content: unknown): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return asList(content).flatMap(readAnswerPart)
}

function readAnswerPart(item: unknown): Part[] {
  if (typeof item === 'string') return [{ type: 'text', text: item }]
  const part = asObject(item)
  if (part === undefined) return []
  if (part.type === 'thinking') return [{ type: 'reasoning', text: thinkingText(part.thinking) }]
  if (part.type === 'image_url') return readImages([part])
  if (part.type === 'refusal') return [{ type: 'refusal', text: asText(part.refusal) ?? '' }]
  if (typeof part.text === 'string') return [{ type: 'text', text: part.text }]
  return [{ type: 'extension', dialect: OWN_ORIGIN, value: part }]
}

/** Generated speech has an id and a transcript of its own, which only this dialect knows. */
export function readAudio(audio: unknown): Part[] {
  const value = asObject(audio)
  return value === undefined
    ? []
    : [{ type: 'extension', dialect: OWN_ORIGIN, value: { audio: value } }]
}

function readToolCalls(message: JsonObject, call: CallContext): ToolCallPart[] {
  const calls = asObjects(message.tool_calls).filter(callsSomething)
  const legacy = asObject(message.function_call)
  if (legacy !== undefined && calls.length === 0 && callsSomething({ function: legacy }))
    calls.push({ function: legacy })
  return calls.map((item) => readToolCall(item, call))
}

/** Some services fill in the fields of a call where nothing was called. */
export function callsSomething(item: JsonObject): boolean {
  const target = asObject(item.function) ?? asObject(item.custom)
  return (
    asText(target?.name) !== undefined ||
    asText(item.id) !== undefined ||
    argumentsText(target?.arguments ?? target?.input) !== ''
  )
}

function readToolCall(item: JsonObject, call: CallContext): ToolCallPart {
  const custom = item.type === 'function' ? undefined : asObject(item.custom)
  const target = custom ?? asObject(item.function) ?? {}
  const signature = toolCallSignatureOf(item)
  return {
    type: 'tool-call',
    id: asText(item.id) ?? call.newId('call_'),
    name: asText(target.name) ?? '',
    arguments:
      custom === undefined ? argumentsText(target.arguments) || '{}' : argumentsText(target.input),
    kind: custom === undefined ? 'function' : 'custom',
    ...(signature === undefined ? {} : { signature }),
  }
}

/** Arguments are JSON text; some services send the object itself. */
export function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

interface FinishContext {
  readonly calledTools: boolean
  readonly exact: boolean
}

/** A body that arrived whole has ended, also where the service does not say how. */
function wholeFinish(choice: JsonObject, context: FinishContext): Finish {
  return readFinish(choice, context) ?? { reason: context.calledTools ? 'tool_calls' : 'stop' }
}

/**
 * Why a choice ended; `undefined` while it goes on. `stop` after tool calls is taken for
 * `tool_calls`, on which clients run their tools, except from a service that is known to mean what
 * it says.
 */
export function readFinish(choice: JsonObject, context: FinishContext): Finish | undefined {
  const finish = mapFinishReason(choice.finish_reason)
  if (finish === undefined) return undefined
  const reason =
    finish.reason === 'stop' && context.calledTools && !context.exact ? 'tool_calls' : finish.reason
  const native = finish.native ?? asText(choice.native_finish_reason)
  return native === undefined || native === reason ? { reason } : { reason, native }
}
