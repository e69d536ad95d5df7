import type { GatewayError } from '../../../errors.ts'
import { AnswerContent } from '../../claude/answer-content.ts'
import type { CallContext } from '../../model/call.ts'
import type { Answer } from '../../model/events.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { foreignError } from '../../wire/foreign-error.ts'
import { asList, asObject, asObjects, asText, isObject, textOfValue } from '../../wire/json.ts'
import { DIALECT } from '../names.ts'
import { imagePart } from './binary.ts'
import { mapAnnotation } from './citations.ts'
import { errorInAnswer, invalidAnswer } from './errors.ts'
import { isMalformed, mapFinishReason } from './finish.ts'
import { isRunByProvider } from './providers-tool.ts'
import { mapUsage } from './usage.ts'

/**
 * A whole answer. Throws `upstream_invalid` when it is none, or when the service could not read the
 * model's output.
 */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const blocks = asObject(asObject(body.output)?.message)?.content
  if (!Array.isArray(blocks)) throw noAnswer(body, call)
  if (isMalformed(body))
    throw invalidAnswer(
      `got output from its model that cannot be read (${textOfValue(body.stopReason)})`,
      call.provider,
    )
  const content = new AnswerContent(DIALECT)
  for (const block of asObjects(blocks)) readBlock(block, content, call)
  return {
    choices: [content.toChoice(mapFinishReason(body, content))],
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

/** A block is a union: one field says what it is. */
function readBlock(block: JsonObject, content: AnswerContent, call: CallContext): void {
  if (typeof block.text === 'string') content.addText(block.text)
  else if (isObject(block.toolUse) && !isRunByProvider(block.toolUse))
    content.addToolUse({
      id: asText(block.toolUse.toolUseId) ?? call.newId('tooluse_'),
      wireName: asText(block.toolUse.name) ?? '',
      input: block.toolUse.input,
    })
  else if (isObject(block.reasoningContent)) readReasoning(block.reasoningContent, content)
  else if (isObject(block.citationsContent)) readCited(block.citationsContent, content)
  else if (isObject(block.image)) readImage(block, block.image, content)
  // A tool that the provider ran: the client must not run it again.
  else content.addExtension(block)
}

function readImage(block: JsonObject, image: JsonObject, content: AnswerContent): void {
  const part = imagePart(image)
  if (part === undefined) content.addExtension(block)
  else content.addPart(part)
}

function readCited(cited: JsonObject, content: AnswerContent): void {
  const texts = asObjects(cited.content).map((item) => asText(item.text) ?? '')
  const passage = content.addText(texts.join(''))
  for (const citation of asList(cited.citations))
    content.addAnnotation(mapAnnotation(citation, passage))
}

function readReasoning(reasoning: JsonObject, content: AnswerContent): void {
  content.addRedactedThinking(asText(reasoning.redactedContent))
  const spoken = asObject(reasoning.reasoningText)
  content.addThinking(asText(spoken?.text) ?? '', asText(spoken?.signature))
}
