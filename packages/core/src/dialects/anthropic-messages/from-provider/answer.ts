import type { Part, ToolCallPart } from '../../model/conversation.ts'
import type { CallContext, JsonObject } from '../../model/dialect.ts'
import type { Answer } from '../../model/events.ts'
import { annotationOf } from './citations.ts'
import { errorInAnswer, invalidAnswer } from './errors.ts'
import { finishOf } from './finish.ts'
import { objectOf, textOf } from '../../wire/json.ts'
import { customToolName, DIALECT, JSON_ANSWER_TOOL } from '../names.ts'
import { argumentsOf, customInputOf } from '../to-provider/tool-input.ts'
import { usageOf } from './usage.ts'

/** A whole answer. Throws the error the body carries, `upstream_invalid` when it is no message. */
export function readAnswer(body: JsonObject, call: CallContext): Answer {
  const error = errorInAnswer(body, call.provider)
  if (error !== undefined) throw error
  if (!Array.isArray(body.content))
    throw invalidAnswer('sent an answer without content', call.provider)
  const content = readContent(body.content, call)
  const calledTools = content.parts.some((part) => part.type === 'tool-call')
  const finish = finishOf(body, { calledTools }) ?? { reason: calledTools ? 'tool_calls' : 'stop' }
  const { parts, annotations } = content
  return {
    id: textOf(body.id),
    model: textOf(body.model),
    choices: [annotations.length === 0 ? { parts, finish } : { parts, finish, annotations }],
    usage: usageOf(objectOf(body.usage)),
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
    const block = objectOf(item)
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
      const value = textOf(block.signature)
      const text = textOf(block.thinking) ?? ''
      if (value !== undefined)
        content.parts.push({ type: 'reasoning', text, signature: { origin: DIALECT, value } })
      else if (text !== '') content.parts.push({ type: 'reasoning', text })
      break
    }
    case 'redacted_thinking': {
      const value = textOf(block.data)
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
  const text = textOf(block.text)
  if (text === undefined) return
  const start = content.textLength
  content.textLength += text.length
  content.parts.push({ type: 'text', text })
  for (const citation of Array.isArray(block.citations) ? block.citations : []) {
    const annotation = annotationOf(citation, { start, end: content.textLength })
    if (annotation !== undefined) content.annotations.push(annotation)
  }
}

/** A second one would make the text two JSON documents. */
function readJsonAnswer(block: JsonObject, content: Content): void {
  if (content.answeredInJson) return
  content.answeredInJson = true
  readText({ text: argumentsOf(block.input) }, content)
}

function readToolUse(block: JsonObject, call: CallContext): ToolCallPart {
  const id = textOf(block.id) ?? call.newId('toolu_')
  const name = textOf(block.name) ?? ''
  const customName = customToolName(name)
  if (customName === undefined)
    return { type: 'tool-call', id, name, arguments: argumentsOf(block.input), kind: 'function' }
  return {
    type: 'tool-call',
    id,
    name: customName,
    arguments: customInputOf(objectOf(block.input)),
    kind: 'custom',
  }
}
