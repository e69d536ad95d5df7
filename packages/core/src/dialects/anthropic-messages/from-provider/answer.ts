import type { Part, ToolCallPart } from '../../model/conversation.ts'
import type { CallContext } from '../../model/call.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { Answer } from '../../model/events.ts'
import { mapAnnotation } from './citations.ts'
import { errorInAnswer, invalidAnswer } from './errors.ts'
import { mapFinishReason } from './finish.ts'
import { asObject, asText } from '../../wire/json.ts'
import { customToolName, DIALECT, JSON_ANSWER_TOOL } from '../names.ts'
import { serializeArguments, readCustomInput } from '../to-provider/tool-input.ts'
import { mapUsage } from './usage.ts'

/** A whole answer. Throws the error the body carries, `upstream_invalid` when it is no message. */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const error = errorInAnswer(body, call.provider)
  if (error !== undefined) throw error
  if (!Array.isArray(body.content))
    throw invalidAnswer('sent an answer without content', call.provider)
  const content = readContent(body.content, call)
  const calledTools = content.parts.some((part) => part.type === 'tool-call')
  const finish = mapFinishReason(body, { calledTools }) ?? {
    reason: calledTools ? 'tool_calls' : 'stop',
  }
  const { parts, annotations } = content
  return {
    id: asText(body.id),
    model: asText(body.model),
    choices: [annotations.length === 0 ? { parts, finish } : { parts, finish, annotations }],
    usage: mapUsage(asObject(body.usage)),
  }
}

interface Content {
  readonly parts: Part[]
  readonly annotations: JsonObject[]
  /** Length of the text so far, where citations point into. */
  textLength: number
  answeredInJson: boolean
}

function readContent(blocks: readonly unknown[], call: CallContext): Content {
  const content: Content = { parts: [], annotations: [], textLength: 0, answeredInJson: false }
  for (const item of blocks) {
    const block = asObject(item)
    if (block !== undefined) readBlock(block, content, call)
  }
  return content
}

function readBlock(block: JsonObject, content: Content, call: CallContext): void {
  switch (block.type) {
    case 'text':
      readText(block, content)
      break
    case 'thinking': {
      const value = asText(block.signature)
      const text = asText(block.thinking) ?? ''
      if (value !== undefined)
        content.parts.push({ type: 'reasoning', text, signature: { origin: DIALECT, value } })
      else if (text !== '') content.parts.push({ type: 'reasoning', text })
      break
    }
    case 'redacted_thinking': {
      const value = asText(block.data)
      if (value !== undefined)
        content.parts.push({
          type: 'reasoning',
          text: '',
          signature: { origin: DIALECT, value },
          redacted: true,
        })
      break
    }
    case 'tool_use':
      if (block.name === JSON_ANSWER_TOOL) readJsonAnswer(block, content)
      else content.parts.push(readToolUse(block, call))
      break
    default:
      // Tools the provider runs itself: the client must not run them again.
      content.parts.push({ type: 'extension', dialect: DIALECT, value: block })
  }
}

function readText(block: JsonObject, content: Content): void {
  const text = asText(block.text)
  if (text === undefined) return
  const start = content.textLength
  content.textLength += text.length
  content.parts.push({ type: 'text', text })
  for (const citation of Array.isArray(block.citations) ? block.citations : []) {
    const annotation = mapAnnotation(citation, { start, end: content.textLength })
    if (annotation !== undefined) content.annotations.push(annotation)
  }
}

/** A second one would make the text two JSON documents. */
function readJsonAnswer(block: JsonObject, content: Content): void {
  if (content.answeredInJson) return
  content.answeredInJson = true
  readText({ text: serializeArguments(block.input) }, content)
}

function readToolUse(block: JsonObject, call: CallContext): ToolCallPart {
  const id = asText(block.id) ?? call.newId('toolu_')
  const name = asText(block.name) ?? ''
  const customName = customToolName(name)
  if (customName === undefined)
    return {
      type: 'tool-call',
      id,
      name,
      arguments: serializeArguments(block.input),
      kind: 'function',
    }
  return {
    type: 'tool-call',
    id,
    name: customName,
    arguments: readCustomInput(asObject(block.input)),
    kind: 'custom',
  }
}
