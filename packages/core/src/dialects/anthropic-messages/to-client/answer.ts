import type { Part, ReasoningPart, ToolCallPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RenderContext } from '../../model/stream.ts'
import type { Answer, AnswerChoice } from '../../model/events.ts'
import { asObject, asText } from '../../wire/json.ts'
import type { Usage } from '../../model/usage.ts'
import { carrySignature, UNPROVEN } from '../carried-signature.ts'
import { toolInput } from '../../claude/tool-input.ts'
import { wireToolName } from '../../claude/tool-names.ts'
import { DIALECT } from '../names.ts'
import { stopFields } from './finish.ts'
import { clientToolId } from '../client-tool-id.ts'

/** A whole answer as a `message`: its first choice, for a request of this dialect has only one. */
export function renderAnswer(answer: Answer, context: RenderContext): JsonObject {
  const [choice] = answer.choices
  const parts = choice?.parts ?? []
  return {
    ...messageHead(answer, context),
    content: choice === undefined ? [] : renderContent(choice),
    ...stopFields({
      finish: choice?.finish,
      calledTools: parts.some((part) => part.type === 'tool-call'),
      refusal: parts.map((part) => (part.type === 'refusal' ? part.text : '')).join(''),
    }),
    usage: renderUsage(answer.usage),
  }
}

/** First fields of a message, streamed or not. */
export function messageHead(
  answer: Pick<Answer, 'id' | 'model'>,
  context: RenderContext,
): JsonObject {
  return {
    id: answer.id ?? `msg_${context.requestId}`,
    type: 'message',
    role: 'assistant',
    model: answer.model ?? context.model,
  }
}

/**
 * Usage in this dialect's accounting: what came from the cache or went into it is not counted as
 * input again.
 */
export function renderUsage(usage: Usage | undefined): JsonObject {
  const {
    inputTokens = 0,
    outputTokens = 0,
    cachedTokens = 0,
    cacheWriteTokens = 0,
    reasoningTokens,
  } = usage ?? {}
  return {
    input_tokens: Math.max(0, inputTokens - cachedTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedTokens,
    output_tokens: outputTokens,
    ...(reasoningTokens === undefined
      ? {}
      : { output_tokens_details: { thinking_tokens: reasoningTokens } }),
  }
}

function renderContent(choice: AnswerChoice): JsonObject[] {
  const citations = (choice.annotations ?? []).flatMap((annotation) => mapCitation(annotation))
  const lastText = choice.parts.findLastIndex((part) => part.type === 'text')
  let position = 0
  return choice.parts.flatMap((part, at) => {
    if (part.type !== 'text') return renderPart(part)
    const start = position
    position += part.text.length
    if (part.text === '') return []
    const own = citations.filter(
      ({ start: cited }) =>
        (cited >= start && cited < position) || (at === lastText && cited >= position),
    )
    return [
      own.length === 0
        ? { type: 'text', text: part.text }
        : { type: 'text', text: part.text, citations: own.map(({ citation }) => citation) },
    ]
  })
}

/** Whether an answer has a block for the part; a refusal is part of its end. */
export function holds(part: Part): boolean {
  if (part.type === 'extension') return part.dialect === DIALECT
  return (
    part.type === 'text' ||
    part.type === 'reasoning' ||
    part.type === 'tool-call' ||
    part.type === 'refusal'
  )
}

/** Parts that this dialect has no block for are left out. */
function renderPart(part: Exclude<Part, { type: 'text' }>): JsonObject[] {
  switch (part.type) {
    case 'reasoning':
      return [thinkingBlock(part)]
    case 'tool-call':
      return [
        ...(part.signature === undefined ? [] : [callSignatureBlock(part)]),
        { ...toolUseBlock(part), input: toolInput(part) },
      ]
    case 'extension':
      return part.dialect === DIALECT ? [part.value as JsonObject] : []
    default:
      return []
  }
}

/** Thinking with the proof of its signer. */
export function thinkingBlock({ text, signature, redacted }: ReasoningPart): JsonObject {
  if (redacted === true) return { type: 'redacted_thinking', data: carrySignature(signature) }
  return { type: 'thinking', thinking: text, signature: carrySignature(signature) }
}

type Call = Pick<ToolCallPart, 'id' | 'name' | 'kind' | 'signature'>

/** The proof of a call, which stands before it. */
export function callSignatureBlock({ id, signature }: Call): JsonObject {
  return { type: 'thinking', thinking: '', signature: carrySignature(signature, id) }
}

/** A call without its input. */
export function toolUseBlock(call: Call): JsonObject {
  return { type: 'tool_use', id: clientToolId(call.id), name: wireToolName(call), input: {} }
}

interface PlacedCitation {
  /** Where in the whole text the cited passage begins. */
  readonly start: number
  readonly citation: JsonObject
}

/**
 * A `url_citation` as a citation of a page found in a search. Its proof is a mark of ours, which is
 * taken off again.
 */
export function mapCitation(annotation: unknown): PlacedCitation[] {
  const cited = asObject(asObject(annotation)?.url_citation)
  const url = asText(cited?.url)
  if (cited === undefined || url === undefined) return []
  const title = asText(cited.title) ?? null
  const start = typeof cited.start_index === 'number' ? cited.start_index : 0
  return [
    {
      start,
      citation: {
        type: 'web_search_result_location',
        url,
        title,
        encrypted_index: UNPROVEN,
        cited_text: '',
      },
    },
  ]
}
