import type { FinishReason, ResolvedAnswer, ResolvedToolCall } from '../answer.ts'
import { type JsonObject, parseObject } from '../json.ts'
import type { RenderContext, RenderedEvent } from './dialect.ts'

/** A `message` object. */
export function renderMessage(answer: ResolvedAnswer, context: RenderContext): JsonObject {
  return {
    ...messageHead(answer, context),
    content: blocksOf(answer, context).map((block) => block.whole),
    ...stop(answer),
    usage: { ...usage(answer), service_tier: 'standard' },
  }
}

/** One content block: as it is in a JSON answer, and as it is streamed. */
interface Block {
  readonly whole: JsonObject
  readonly start: JsonObject
  readonly deltas: readonly BlockDelta[]
}

interface BlockDelta {
  readonly kind: 'content' | 'structure'
  readonly delta: JsonObject
}

function blocksOf(answer: ResolvedAnswer, context: RenderContext): Block[] {
  return [
    ...(answer.reasoning === undefined ? [] : [thinkingBlock(answer.reasoning)]),
    ...(answer.redacted === undefined ? [] : [redactedBlock(answer.redacted)]),
    ...(answer.text.length === 0 ? [] : [textBlock(answer.text)]),
    ...answer.toolCalls.map((call, index) =>
      toolUseBlock(call, call.id ?? `toolu_${context.sequence}_${index}`),
    ),
  ]
}

function thinkingBlock(reasoning: NonNullable<ResolvedAnswer['reasoning']>): Block {
  const signature = reasoning.signature ?? ''
  const signed: BlockDelta[] =
    signature === '' ? [] : [{ kind: 'structure', delta: { type: 'signature_delta', signature } }]
  return {
    whole: { type: 'thinking', thinking: reasoning.text.join(''), signature },
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      ...reasoning.text.map((thinking): BlockDelta => ({
        kind: 'content',
        delta: { type: 'thinking_delta', thinking },
      })),
      ...signed,
    ],
  }
}

function redactedBlock(data: string): Block {
  const whole = { type: 'redacted_thinking', data }
  return { whole, start: whole, deltas: [] }
}

function textBlock(fragments: readonly string[]): Block {
  return {
    whole: { type: 'text', text: fragments.join('') },
    start: { type: 'text', text: '' },
    deltas: fragments.map((text) => ({ kind: 'content', delta: { type: 'text_delta', text } })),
  }
}

/**
 * The real stream opens the arguments with an empty delta, and says nothing more for a call without
 * arguments.
 */
function toolUseBlock(call: ResolvedToolCall, id: string): Block {
  const json = call.fragments.join('')
  const fragments = json === '{}' ? [] : call.fragments
  const opening: BlockDelta = {
    kind: fragments.length === 0 ? 'content' : 'structure',
    delta: { type: 'input_json_delta', partial_json: '' },
  }
  return {
    whole: { type: 'tool_use', id, name: call.name, input: parseObject(json) ?? json },
    start: { type: 'tool_use', id, name: call.name, input: {} },
    deltas: [
      opening,
      ...fragments.map((partial_json): BlockDelta => ({
        kind: 'content',
        delta: { type: 'input_json_delta', partial_json },
      })),
    ],
  }
}

/**
 * The events of a stream in the order Anthropic sends them, with a ping in the first block and with
 * the spaces the service pads its JSON with.
 */
export function renderMessageEvents(
  answer: ResolvedAnswer,
  context: RenderContext,
): RenderedEvent[] {
  const events: RenderedEvent[] = []
  const push = (kind: RenderedEvent['kind'], data: JsonObject & { type: string }): void => {
    const padding = ' '.repeat((events.length * 5) % 12)
    events.push({
      kind,
      text: `event: ${data.type}\ndata: ${JSON.stringify(data).slice(0, -1)}${padding}}\n\n`,
    })
  }
  const opening = {
    ...usage(answer),
    output_tokens: Math.min(1, answer.usage.output),
    service_tier: 'standard',
  }
  push('structure', {
    type: 'message_start',
    message: {
      ...messageHead(answer, context),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: opening,
    },
  })
  for (const [index, block] of blocksOf(answer, context).entries()) {
    push('structure', { type: 'content_block_start', index, content_block: block.start })
    if (index === 0) push('structure', { type: 'ping' })
    for (const { kind, delta } of block.deltas)
      push(kind, { type: 'content_block_delta', index, delta })
    push('structure', { type: 'content_block_stop', index })
  }
  push('finish', { type: 'message_delta', delta: stop(answer), usage: usage(answer) })
  push('end', { type: 'message_stop' })
  return events
}

function messageHead(answer: ResolvedAnswer, context: RenderContext): JsonObject {
  return {
    model: answer.model ?? context.model,
    id: `msg_${context.sequence}`,
    type: 'message',
    role: 'assistant',
  }
}

const stopReasons: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
}

function stop(answer: ResolvedAnswer): JsonObject {
  const details =
    answer.refusal === undefined
      ? null
      : { type: 'refusal', category: null, explanation: answer.refusal }
  return {
    stop_reason: answer.nativeFinish ?? stopReasons[answer.finish],
    stop_sequence: null,
    stop_details: details,
  }
}

/** Anthropic's `input_tokens` leaves out what the cache read and wrote. */
function usage(answer: ResolvedAnswer): JsonObject {
  const { input, output, cached = 0, cacheWrite = 0, reasoning } = answer.usage
  return {
    input_tokens: input - cached - cacheWrite,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cached,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    ...(reasoning === undefined ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
  }
}
