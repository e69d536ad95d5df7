import type { GatewayError } from '../../../errors.ts'
import { append } from '../../../foundation/lists.ts'
import type { Part, ToolCallPart } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer } from '../../model/events.ts'
import { foreignError } from '../../wire/foreign-error.ts'
import { isObject, asList, asObject, asObjects, asText } from '../../wire/json.ts'
import { mapAnnotation } from './citations.ts'
import { errorInAnswer, invalidAnswer } from './errors.ts'
import { mapFinishReason, isMalformed } from './finish.ts'
import { imagePart } from './binary.ts'
import { customToolName, DIALECT, JSON_ANSWER_TOOL } from '../names.ts'
import { isRunByProvider } from './providers-tool.ts'
import { serializeArguments, readCustomInput } from '../to-provider/tool-input.ts'
import { mapUsage } from './usage.ts'

/**
 * A whole answer. Throws `upstream_invalid` when it is none, or when the model's words made no
 * sense.
 */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const blocks = asObject(asObject(body.output)?.message)?.content
  if (!Array.isArray(blocks)) throw noAnswer(body, call)
  if (isMalformed(body))
    throw invalidAnswer(
      `got output from its model that cannot be read (${String(body.stopReason)})`,
      call.provider,
    )
  const content: Content = { parts: [], annotations: [], textLength: 0, answeredInJson: false }
  for (const block of asObjects(blocks)) readBlock(block, content, call)
  const { parts, annotations } = content
  const finish = mapFinishReason(body, {
    calledTools: parts.some((part) => part.type === 'tool-call'),
  })
  return {
    choices: [annotations.length === 0 ? { parts, finish } : { parts, finish, annotations }],
    usage: mapUsage(asObject(body.usage)),
  }
}

/** Servers between us and the service report an error with status 200 now and then. */
function noAnswer(body: JsonObject, call: CallContext): GatewayError {
  const foreign = body.__type === undefined ? foreignError(body, call.provider) : undefined
  if (foreign !== undefined) return foreign
  const reportsError = asText(body.message) !== undefined || asText(body.__type) !== undefined
  return reportsError
    ? errorInAnswer(body, call.provider)
    : invalidAnswer('sent an answer without content', call.provider)
}

interface Content {
  readonly parts: Part[]
  readonly annotations: JsonObject[]
  /** Length of the text so far, where citations point into. */
  textLength: number
  answeredInJson: boolean
}

/** A block is a union: one field says what it is. */
function readBlock(block: JsonObject, content: Content, call: CallContext): void {
  if (typeof block.text === 'string') readText(block.text, content)
  else if (isObject(block.toolUse) && !isRunByProvider(block.toolUse))
    readToolUse(block.toolUse, content, call)
  else if (isObject(block.reasoningContent)) readReasoning(block.reasoningContent, content)
  else if (isObject(block.citationsContent)) readCited(block.citationsContent, content)
  else if (isObject(block.image))
    content.parts.push(
      imagePart(block.image) ?? { type: 'extension', dialect: DIALECT, value: block },
    )
  // A tool that the provider ran: the client must not run it again.
  else content.parts.push({ type: 'extension', dialect: DIALECT, value: block })
}

function readText(text: string, content: Content): void {
  if (text === '') return
  content.textLength += text.length
  content.parts.push({ type: 'text', text })
}

function readCited(cited: JsonObject, content: Content): void {
  const start = content.textLength
  readText(
    asObjects(cited.content)
      .map((item) => asText(item.text) ?? '')
      .join(''),
    content,
  )
  const passage = { start, end: content.textLength }
  append(
    content.annotations,
    asList(cited.citations)
      .map((citation) => mapAnnotation(citation, passage))
      .filter((annotation) => annotation !== undefined),
  )
}

function readReasoning(reasoning: JsonObject, content: Content): void {
  const redacted = asText(reasoning.redactedContent)
  if (redacted !== undefined)
    content.parts.push({
      type: 'reasoning',
      text: '',
      signature: { origin: DIALECT, value: redacted },
      redacted: true,
    })
  const spoken = asObject(reasoning.reasoningText)
  const text = asText(spoken?.text) ?? ''
  const value = asText(spoken?.signature)
  if (value !== undefined)
    content.parts.push({ type: 'reasoning', text, signature: { origin: DIALECT, value } })
  else if (text !== '') content.parts.push({ type: 'reasoning', text })
}

function readToolUse(use: JsonObject, content: Content, call: CallContext): void {
  if (use.name !== JSON_ANSWER_TOOL) {
    content.parts.push(toolCall(use, call))
    return
  }
  // A second one would make the text two JSON documents.
  if (content.answeredInJson) return
  content.answeredInJson = true
  readText(serializeArguments(use.input), content)
}

function toolCall(use: JsonObject, call: CallContext): ToolCallPart {
  const id = asText(use.toolUseId) ?? call.newId('tooluse_')
  const name = asText(use.name) ?? ''
  const customName = customToolName(name)
  if (customName === undefined)
    return {
      type: 'tool-call',
      id,
      name,
      arguments: serializeArguments(use.input),
      kind: 'function',
    }
  return {
    type: 'tool-call',
    id,
    name: customName,
    arguments: readCustomInput(use.input),
    kind: 'custom',
  }
}
