import { AnswerContent } from '../../claude/answer-content.ts'
import type { CallContext } from '../../model/call.ts'
import type { Answer } from '../../model/events.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asList, asObject, asObjects, asText } from '../../wire/json.ts'
import { DIALECT } from '../names.ts'
import { mapAnnotation } from './citations.ts'
import { errorInAnswer, invalidAnswer } from './errors.ts'
import { mapFinishReason } from './finish.ts'
import { mapUsage } from './usage.ts'

/** A whole answer. Throws the error the body carries, `upstream_invalid` when it is no message. */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const error = errorInAnswer(body, call.provider)
  if (error !== undefined) throw error
  if (!Array.isArray(body.content))
    throw invalidAnswer('sent an answer without content', call.provider)
  const content = new AnswerContent(DIALECT)
  for (const block of asObjects(body.content)) readBlock(block, content, call)
  const { calledTools } = content
  const finish = mapFinishReason(body, { calledTools }) ?? {
    reason: calledTools ? 'tool_calls' : 'stop',
  }
  return {
    id: asText(body.id),
    model: asText(body.model),
    choices: [content.toChoice(finish)],
    usage: mapUsage(asObject(body.usage)),
  }
}

function readBlock(block: JsonObject, content: AnswerContent, call: CallContext): void {
  switch (block.type) {
    case 'text':
      readText(block, content)
      break
    case 'thinking':
      content.addThinking(asText(block.thinking) ?? '', asText(block.signature))
      break
    case 'redacted_thinking':
      content.addRedactedThinking(asText(block.data))
      break
    case 'tool_use':
      content.addToolUse({
        id: asText(block.id) ?? call.newId('toolu_'),
        wireName: asText(block.name) ?? '',
        input: block.input,
      })
      break
    default:
      // Tools the provider runs itself: the client must not run them again.
      content.addExtension(block)
  }
}

function readText(block: JsonObject, content: AnswerContent): void {
  const text = asText(block.text)
  if (text === undefined) return
  const passage = content.addText(text)
  for (const citation of asList(block.citations))
    content.addAnnotation(mapAnnotation(citation, passage))
}
