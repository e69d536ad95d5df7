import { append } from '../../../foundation/lists.ts'
import type { Message, ReasoningPart, ToolCallPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asObject, parseJson } from '../../wire/json.ts'
import type { Content, RequestContext, ToolBlock } from './context.ts'
import { CUSTOM_TOOL_INPUT, DIALECT, wireToolName } from '../names.ts'
import { textBlocks } from './text-block.ts'
import { wireToolId } from './tool-id.ts'

/** Text and calls of the assistant, as blocks of its turn. */
export function assistantContent(message: Message, path: string, context: RequestContext): Content {
  const content: Content = { blocks: [], tools: [] }
  let position = 0
  for (const part of message.parts) {
    // Thinking and calls are not part of the client's `content`, so they do not count there.
    const partPath = `${path}.content[${position}]`
    if (part.type !== 'reasoning' && part.type !== 'tool-call') position += 1
    switch (part.type) {
      case 'text':
      case 'refusal':
        append(content.blocks, textBlocks(part, partPath, context))
        break
      case 'reasoning':
        append(content.blocks, reasoningBlocks(part, path, context))
        break
      case 'tool-call':
        content.tools.push(toolUse(part, `${path}.tool_calls[${content.tools.length}]`, context))
        break
      case 'image':
      case 'file':
      case 'audio':
        context.dropped.push(`${partPath} (media only from the user)`)
        break
      case 'extension':
        // Results of another provider's own tools are history that the conversation does not need.
        if (part.dialect === DIALECT && isObject(part.value)) content.blocks.push(part.value)
        else context.dropped.push(partPath)
        break
      case 'tool-result':
        context.dropped.push(`${partPath} (only a tool's)`)
        break
    }
  }
  return content
}

/**
 * Only what this dialect signed goes back, byte for byte: anything else fails the provider's check
 * of the signature.
 */
function reasoningBlocks(part: ReasoningPart, path: string, context: RequestContext): JsonObject[] {
  const signature = part.signature
  if (signature === undefined || signature.value === '') {
    context.dropped.push(`${path}.reasoning (unsigned)`)
    return []
  }
  if (signature.origin !== DIALECT) {
    context.dropped.push(`${path}.reasoning (signed by another provider)`)
    return []
  }
  if (part.redacted === true) return [{ reasoningContent: { redactedContent: signature.value } }]
  return [{ reasoningContent: { reasoningText: { text: part.text, signature: signature.value } } }]
}

function toolUse(part: ToolCallPart, path: string, context: RequestContext): ToolBlock {
  const id = wireToolId(part.id, context.rules)
  const name = wireToolName(part)
  const input =
    part.kind === 'custom'
      ? { [CUSTOM_TOOL_INPUT]: part.arguments }
      : inputOf(part.arguments, path, context)
  return { id, name, blocks: [{ toolUse: { toolUseId: id, name, input } }] }
}

/** `input` must be an object; a model's malformed arguments are kept where it can read them. */
function inputOf(text: string, path: string, context: RequestContext): JsonObject {
  if (text.trim() === '') return {}
  const parsed = parseJson(text)
  const input = asObject(parsed?.value)
  if (input !== undefined) return input
  context.dropped.push(`${path}.function.arguments (not a JSON object, wrapped in one)`)
  return { arguments: parsed === undefined ? text : parsed.value }
}
