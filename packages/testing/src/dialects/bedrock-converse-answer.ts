import type { FinishReason, ResolvedAnswer, ResolvedToolCall } from '../answer.ts'
import { type JsonObject, parseObject } from '../json.ts'
import type { RenderContext, RenderedEvent } from './dialect.ts'

/** The body of a Converse answer. */
export function renderConverse(answer: ResolvedAnswer, context: RenderContext): JsonObject {
  const content = blocksOf(answer, context).map((block) => block.whole)
  return {
    metrics: { latencyMs: 100 },
    output: { message: { role: 'assistant', content } },
    stopReason: stopReason(answer),
    usage: usage(answer),
  }
}

/**
 * One content block: as it is in a JSON answer, how its stream opens (only tools do), and its
 * deltas.
 */
interface Block {
  readonly whole: JsonObject
  readonly start?: JsonObject
  readonly deltas: readonly JsonObject[]
}

function blocksOf(answer: ResolvedAnswer, context: RenderContext): Block[] {
  const text = [...answer.text, ...(answer.refusal === undefined ? [] : [answer.refusal])]
  return [
    ...(answer.reasoning === undefined ? [] : [reasoningBlock(answer.reasoning)]),
    ...(answer.redacted === undefined ? [] : [redactedBlock(answer.redacted)]),
    ...(text.length === 0
      ? []
      : [{ whole: { text: text.join('') }, deltas: text.map((fragment) => ({ text: fragment })) }]),
    ...answer.toolCalls.map((call, index) =>
      toolBlock(call, call.id ?? `tooluse_${context.sequence}_${index}`),
    ),
  ]
}

function reasoningBlock(reasoning: NonNullable<ResolvedAnswer['reasoning']>): Block {
  const { signature } = reasoning
  const signed = signature === undefined ? {} : { signature }
  return {
    whole: { reasoningContent: { reasoningText: { text: reasoning.text.join(''), ...signed } } },
    deltas: [
      ...reasoning.text.map((text) => ({ reasoningContent: { text } })),
      ...(signature === undefined ? [] : [{ reasoningContent: { signature } }]),
    ],
  }
}

function redactedBlock(redactedContent: string): Block {
  const whole = { reasoningContent: { redactedContent } }
  return { whole, deltas: [whole] }
}

/** A call without arguments is streamed without a single delta. */
function toolBlock(call: ResolvedToolCall, toolUseId: string): Block {
  const json = call.fragments.join('')
  const fragments = json === '{}' ? [] : call.fragments
  return {
    whole: { toolUse: { toolUseId, name: call.name, input: parseObject(json) ?? json } },
    start: { toolUse: { toolUseId, name: call.name } },
    deltas: fragments.map((input) => ({ toolUse: { input } })),
  }
}

/**
 * The events of ConverseStream, usage last, each with the padding the service puts in. The text of
 * an event is written as a server-sent event; `encodeEvent` of the dialect makes the binary frame
 * of it.
 */
export function renderConverseEvents(
  answer: ResolvedAnswer,
  context: RenderContext,
): RenderedEvent[] {
  const events: RenderedEvent[] = []
  const push = (kind: RenderedEvent['kind'], type: string, payload: JsonObject): void => {
    const p = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.slice(
      0,
      1 + ((events.length * 7) % 40),
    )
    events.push({ kind, text: `event: ${type}\ndata: ${JSON.stringify({ ...payload, p })}\n\n` })
  }
  push('structure', 'messageStart', { role: 'assistant' })
  for (const [contentBlockIndex, block] of blocksOf(answer, context).entries()) {
    if (block.start !== undefined)
      push(block.deltas.length === 0 ? 'content' : 'structure', 'contentBlockStart', {
        contentBlockIndex,
        start: block.start,
      })
    for (const delta of block.deltas)
      push('content', 'contentBlockDelta', { contentBlockIndex, delta })
    push('structure', 'contentBlockStop', { contentBlockIndex })
  }
  push('finish', 'messageStop', { stopReason: stopReason(answer) })
  push('end', 'metadata', { metrics: { latencyMs: 100 }, usage: usage(answer) })
  return events
}

const stopReasons: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'guardrail_intervened',
}

function stopReason(answer: ResolvedAnswer): string {
  return answer.nativeFinish ?? stopReasons[answer.finish]
}

/** `inputTokens` leaves out what the cache read and wrote; reasoning is not told apart. */
function usage(answer: ResolvedAnswer): JsonObject {
  const { input, output, cached = 0, cacheWrite = 0 } = answer.usage
  return {
    inputTokens: input - cached - cacheWrite,
    outputTokens: output,
    totalTokens: input + output,
    ...(cached === 0 ? {} : { cacheReadInputTokens: cached }),
    ...(cacheWrite === 0 ? {} : { cacheWriteInputTokens: cacheWrite }),
  }
}
