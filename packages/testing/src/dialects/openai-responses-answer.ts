import type { ResolvedAnswer, ResolvedToolCall } from '../answer.ts'
import { type JsonObject, objectIn } from '../json.ts'
import type { RenderContext, RenderedEvent } from './dialect.ts'

/** A `response` object. */
export function renderResponse(answer: ResolvedAnswer, context: RenderContext): JsonObject {
  return responseObject(answer, context, {
    ...ending(answer),
    output: itemsOf(answer, context).map((item) => item.whole),
    usage: usage(answer),
  })
}

/** One output item: as it is in a JSON answer, as it opens, and the events between. */
interface Item {
  readonly whole: JsonObject
  readonly opening: JsonObject
  readonly events: readonly ItemEvent[]
}

interface ItemEvent {
  readonly kind: 'content' | 'structure'
  readonly type: string
  readonly fields: JsonObject
}

function itemsOf(answer: ResolvedAnswer, context: RenderContext): Item[] {
  const { sequence } = context
  return [
    ...(answer.reasoning === undefined ? [] : [reasoningItem(answer.reasoning, `rs_${sequence}`)]),
    ...(answer.text.length === 0 && answer.refusal === undefined
      ? []
      : [messageItem(answer, `msg_${sequence}`)]),
    ...answer.toolCalls.map((call, index) =>
      callItem(call, {
        id: `fc_${sequence}_${index}`,
        callId: call.id ?? `call_${sequence}_${index}`,
      }),
    ),
  ]
}

function reasoningItem(reasoning: NonNullable<ResolvedAnswer['reasoning']>, id: string): Item {
  const text = reasoning.text.join('')
  const encrypted =
    reasoning.signature === undefined ? {} : { encrypted_content: reasoning.signature }
  const part = { item_id: id, summary_index: 0 }
  const summary = text === '' ? [] : [{ type: 'summary_text', text }]
  const events: ItemEvent[] =
    text === ''
      ? []
      : [
          structure('response.reasoning_summary_part.added', {
            ...part,
            part: { type: 'summary_text', text: '' },
          }),
          ...reasoning.text.map((delta) =>
            content('response.reasoning_summary_text.delta', { ...part, delta }),
          ),
          structure('response.reasoning_summary_text.done', { ...part, text }),
          structure('response.reasoning_summary_part.done', { ...part, part: summary[0] ?? {} }),
        ]
  return {
    whole: { id, type: 'reasoning', summary, ...encrypted },
    opening: { id, type: 'reasoning', summary: [], ...encrypted },
    events,
  }
}

function messageItem(answer: ResolvedAnswer, id: string): Item {
  const parts = [
    ...(answer.text.length === 0 ? [] : [textPart(answer, id)]),
    ...(answer.refusal === undefined ? [] : [refusalPart(answer.refusal, id)]),
  ]
  const head = { id, type: 'message', role: 'assistant' }
  const events = parts.flatMap((part, index) =>
    part.events.map((event) => ({ ...event, fields: { ...event.fields, content_index: index } })),
  )
  return {
    whole: { ...head, status: 'completed', content: parts.map((part) => part.whole) },
    opening: { ...head, status: 'in_progress', content: [] },
    events,
  }
}

function textPart(answer: ResolvedAnswer, id: string): { whole: JsonObject; events: ItemEvent[] } {
  const text = answer.text.join('')
  const logprobs = answer.logprobs?.content ?? []
  const whole = { type: 'output_text', text, annotations: [], logprobs }
  return {
    whole,
    events: [
      structure('response.content_part.added', {
        item_id: id,
        part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
      }),
      ...answer.text.map((delta, at) =>
        content('response.output_text.delta', {
          item_id: id,
          delta,
          logprobs: logprobs.slice(at, at === answer.text.length - 1 ? undefined : at + 1),
        }),
      ),
      structure('response.output_text.done', { item_id: id, text, logprobs }),
      structure('response.content_part.done', { item_id: id, part: whole }),
    ],
  }
}

function refusalPart(refusal: string, id: string): { whole: JsonObject; events: ItemEvent[] } {
  const whole = { type: 'refusal', refusal }
  return {
    whole,
    events: [
      structure('response.content_part.added', {
        item_id: id,
        part: { type: 'refusal', refusal: '' },
      }),
      content('response.refusal.delta', { item_id: id, delta: refusal }),
      structure('response.refusal.done', { item_id: id, refusal }),
      structure('response.content_part.done', { item_id: id, part: whole }),
    ],
  }
}

function callItem(call: ResolvedToolCall, ids: { id: string; callId: string }): Item {
  const text = call.fragments.join('')
  const head = { id: ids.id, type: 'function_call', call_id: ids.callId, name: call.name }
  return {
    whole: { ...head, status: 'completed', arguments: text },
    opening: { ...head, status: 'in_progress', arguments: '' },
    events: [
      ...call.fragments.map((delta) =>
        content('response.function_call_arguments.delta', { item_id: ids.id, delta }),
      ),
      structure('response.function_call_arguments.done', { item_id: ids.id, arguments: text }),
    ],
  }
}

function content(type: string, fields: JsonObject): ItemEvent {
  return { kind: 'content', type, fields }
}

function structure(type: string, fields: JsonObject): ItemEvent {
  return { kind: 'structure', type, fields }
}

/**
 * The events of a stream in the order OpenAI sends them, numbered without gaps; there is no
 * `[DONE]`.
 */
export function renderResponseEvents(
  answer: ResolvedAnswer,
  context: RenderContext,
): RenderedEvent[] {
  const events: RenderedEvent[] = []
  const push = (kind: RenderedEvent['kind'], type: string, fields: JsonObject): void => {
    events.push({
      kind,
      text: `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: events.length, ...fields })}\n\n`,
    })
  }
  const begun = responseObject(answer, context, { status: 'in_progress', output: [], usage: null })
  push('structure', 'response.created', { response: begun })
  push('structure', 'response.in_progress', { response: begun })
  for (const [index, item] of itemsOf(answer, context).entries()) {
    push('structure', 'response.output_item.added', { output_index: index, item: item.opening })
    for (const event of item.events)
      push(event.kind, event.type, { output_index: index, ...event.fields })
    push('structure', 'response.output_item.done', { output_index: index, item: item.whole })
  }
  const { status } = ending(answer)
  const last = `response.${String(status)}`
  events.push({
    kind: 'end',
    text: `event: ${last}\ndata: ${JSON.stringify({ type: last, sequence_number: events.length, response: renderResponse(answer, context) })}\n\n`,
  })
  return events
}

function ending(answer: ResolvedAnswer): JsonObject {
  const reason =
    answer.nativeFinish ??
    (answer.finish === 'length'
      ? 'max_output_tokens'
      : answer.finish === 'content_filter' && answer.refusal === undefined
        ? 'content_filter'
        : undefined)
  return reason === undefined
    ? { status: 'completed' }
    : { status: 'incomplete', incomplete_details: { reason } }
}

function responseObject(
  answer: ResolvedAnswer,
  context: RenderContext,
  known: JsonObject,
): JsonObject {
  const { body } = context
  return {
    id: `resp_${context.sequence}`,
    object: 'response',
    created_at: context.created,
    completed_at: known['status'] === 'in_progress' ? null : context.created + 1,
    error: null,
    incomplete_details: null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    max_tool_calls: null,
    model: answer.model ?? context.model,
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: null,
    background: false,
    reasoning: { effort: objectIn(body['reasoning'])['effort'] ?? null, summary: null },
    service_tier: 'default',
    store: body['store'] ?? true,
    temperature: body['temperature'] ?? 1,
    text: { format: objectIn(body['text'])['format'] ?? { type: 'text' } },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_logprobs: 0,
    top_p: body['top_p'] ?? 1,
    truncation: 'disabled',
    presence_penalty: 0,
    frequency_penalty: 0,
    safety_identifier: null,
    prompt_cache_key: body['prompt_cache_key'] ?? null,
    metadata: body['metadata'] ?? {},
    ...known,
  }
}

function usage(answer: ResolvedAnswer): JsonObject {
  const { input, output, cached, cacheWrite, reasoning } = answer.usage
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: cached ?? 0,
      ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning ?? 0 },
    total_tokens: input + output,
  }
}
