import type { FinishReason, ResolvedAnswer, ResolvedToolCall } from '../answer.ts'
import type { JsonObject } from '../json.ts'
import type { RenderContext, RenderedEvent } from './dialect.ts'

/** The body of a chat answer. */
export function renderCohereChat(answer: ResolvedAnswer, context: RenderContext): JsonObject {
  const text = textOf(answer)
  const hasCalls = answer.toolCalls.length > 0
  const content = [
    ...(answer.reasoning === undefined
      ? []
      : [{ type: 'thinking', thinking: answer.reasoning.text.join('') }]),
    ...(text.length === 0 || hasCalls ? [] : [{ type: 'text', text: text.join('') }]),
  ]
  return {
    id: `answer-${context.sequence}`,
    message: {
      role: 'assistant',
      ...(content.length === 0 ? {} : { content }),
      // Text before tool calls has another field name.
      ...(hasCalls
        ? {
            tool_plan: text.join(''),
            tool_calls: answer.toolCalls.map((call, index) => toolCall(call, { context, index })),
          }
        : {}),
    },
    finish_reason: finishReason(answer),
    usage: usage(answer),
  }
}

function textOf(answer: ResolvedAnswer): readonly string[] {
  return answer.refusal === undefined ? answer.text : [...answer.text, answer.refusal]
}

function toolCall(
  call: ResolvedToolCall,
  at: { context: RenderContext; index: number },
): JsonObject {
  return { ...opening(call, at), function: { name: call.name, arguments: call.fragments.join('') } }
}

function opening(
  call: ResolvedToolCall,
  at: { context: RenderContext; index: number },
): JsonObject {
  return {
    id: call.id ?? `${call.name}_${at.context.sequence}${at.index}`,
    type: 'function',
    function: { name: call.name, arguments: '' },
  }
}

/** The events of a stream in the order Cohere sends them. */
export function renderCohereChatEvents(
  answer: ResolvedAnswer,
  context: RenderContext,
): RenderedEvent[] {
  const events: RenderedEvent[] = []
  const push = (kind: RenderedEvent['kind'], type: string, fields: JsonObject): void => {
    events.push({ kind, text: `event: ${type}\ndata: ${JSON.stringify({ ...fields, type })}\n\n` })
  }
  const message = (fields: JsonObject): JsonObject => ({ delta: { message: fields } })
  push('structure', 'message-start', {
    id: `answer-${context.sequence}`,
    ...message({ role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] }),
  })
  let index = 0
  const block = (type: 'thinking' | 'text', fragments: readonly string[]): void => {
    push('structure', 'content-start', { index, ...message({ content: { type, [type]: '' } }) })
    for (const fragment of fragments)
      push('content', 'content-delta', { index, ...message({ content: { [type]: fragment } }) })
    push('structure', 'content-end', { index })
    index += 1
  }
  if (answer.reasoning !== undefined) block('thinking', answer.reasoning.text)
  const text = textOf(answer)
  if (answer.toolCalls.length > 0)
    for (const tool_plan of text) push('content', 'tool-plan-delta', message({ tool_plan }))
  else if (text.length > 0) block('text', text)
  for (const [position, call] of answer.toolCalls.entries()) {
    push('structure', 'tool-call-start', {
      index: position,
      ...message({ tool_calls: opening(call, { context, index: position }) }),
    })
    for (const fragment of call.fragments)
      push('content', 'tool-call-delta', {
        index: position,
        ...message({ tool_calls: { function: { arguments: fragment } } }),
      })
    push('structure', 'tool-call-end', { index: position })
  }
  push('finish', 'message-end', {
    delta: { finish_reason: finishReason(answer), usage: usage(answer) },
  })
  events.push({ kind: 'end', text: 'data: [DONE]\n\n' })
  return events
}

const finishReasons: Readonly<Record<FinishReason, string>> = {
  stop: 'COMPLETE',
  length: 'MAX_TOKENS',
  tool_calls: 'TOOL_CALL',
  // It has no word for a filtered answer.
  content_filter: 'COMPLETE',
}

function finishReason(answer: ResolvedAnswer): string {
  return answer.nativeFinish ?? finishReasons[answer.finish]
}

/** Fewer tokens are billed than were counted. */
function usage(answer: ResolvedAnswer): JsonObject {
  const { input, output, cached } = answer.usage
  return {
    billed_units: { input_tokens: Math.ceil(input / 2), output_tokens: output },
    tokens: { input_tokens: input, output_tokens: output },
    ...(cached === undefined ? {} : { cached_tokens: cached }),
  }
}
