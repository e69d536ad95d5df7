import type { GatewayError } from '../../../errors.ts'
import { append } from '../../../foundation/lists.ts'
import type { Part, ToolCallPart } from '../../model/conversation.ts'
import type { CallContext, JsonObject } from '../../model/dialect.ts'
import type { Answer } from '../../model/events.ts'
import { foreignError } from '../../wire/foreign-error.ts'
import { isObject, listOf, objectOf, objectsOf, textOf } from '../../wire/json.ts'
import { annotationOf } from './citations.ts'
import { errorInAnswer, invalidAnswer } from './errors.ts'
import { finishOf, isMalformed } from './finish.ts'
import { imagePart } from './binary.ts'
import { customToolName, DIALECT, JSON_ANSWER_TOOL } from '../names.ts'
import { isRunByProvider } from './providers-tool.ts'
import { argumentsOf, customInputOf } from '../to-provider/tool-input.ts'
import { usageOf } from './usage.ts'

/**
 * A whole answer. Throws `upstream_invalid` when it is none, or when the model's words made no
 * sense.
 */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const blocks = objectOf(objectOf(body.output)?.message)?.content
  if (!Array.isArray(blocks)) throw noAnswer(body, call)
  if (isMalformed(body))
    throw invalidAnswer(
      `got output from its model that cannot be read (${String(body.stopReason)})`,
      call.provider,
    )
  const content: Content = { parts: [], annotations: [], textLength: 0, answeredInJson: false }
  for (const block of objectsOf(blocks)) readBlock(block, content, call)
  const { parts, annotations } = content
  const finish = finishOf(body, { calledTools: parts.some((part) => part.type === 'tool-call') })
  return {
    choices: [annotations.length === 0 ? { parts, finish } : { parts, finish, annotations }],
    usage: usageOf(objectOf(body.usage)),
  }
}

/** Servers between us and the service report an error with status 200 now and then. */
function noAnswer(body: JsonObject, call: CallContext): GatewayError {
  const foreign = body.__type === undefined ? foreignError(body, call.provider) : undefined
  if (foreign !== undefined) return foreign
  const reportsError = textOf(body.message) !== undefined || textOf(body.__type) !== undefined
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
    objectsOf(cited.content)
      .map((item) => textOf(item.text) ?? '')
      .join(''),
    content,
  )
  const passage = { start, end: content.textLength }
  append(
    content.annotations,
    listOf(cited.citations)
      .map((citation) => annotationOf(citation, passage))
      .filter((annotation) => annotation !== undefined),
  )
}

function readReasoning(reasoning: JsonObject, content: Content): void {
  const redacted = textOf(reasoning.redactedContent)
  if (redacted !== undefined)
    content.parts.push({
      type: 'reasoning',
      text: '',
      signature: { origin: DIALECT, value: redacted },
      redacted: true,
    })
  const spoken = objectOf(reasoning.reasoningText)
  const text = textOf(spoken?.text) ?? ''
  const value = textOf(spoken?.signature)
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
  readText(argumentsOf(use.input), content)
}

function toolCall(use: JsonObject, call: CallContext): ToolCallPart {
  const id = textOf(use.toolUseId) ?? call.newId('tooluse_')
  const name = textOf(use.name) ?? ''
  const customName = customToolName(name)
  if (customName === undefined)
    return { type: 'tool-call', id, name, arguments: argumentsOf(use.input), kind: 'function' }
  return {
    type: 'tool-call',
    id,
    name: customName,
    arguments: customInputOf(use.input),
    kind: 'custom',
  }
}
