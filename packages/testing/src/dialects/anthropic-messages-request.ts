import { type JsonObject, isObject, objectIn, objectsIn, stringIn } from '../json.ts'
import {
  type MediaSeen,
  mediaFromBase64,
  type OfferedTool,
  type RequestView,
} from '../request-view.ts'

/** A Messages request in no dialect's words. */
export function readMessagesRequest(body: JsonObject): RequestView {
  const messages = objectsIn(body['messages'])
  const spoken = messages.findLast(
    (message) => message['role'] === 'user' && textOf(message['content']) !== '',
  )
  const lastAssistant = messages.findLastIndex((message) => message['role'] === 'assistant')
  const format = objectIn(objectIn(body['output_config'])['format'])
  const choice = objectIn(body['tool_choice'])
  const offered = objectsIn(body['tools']).map(readTool)
  return {
    model: stringIn(body['model']),
    stream: body['stream'] === true,
    lastUserText: textOf(spoken?.['content']),
    media: objectsIn(
      messages.findLast((message) => message['role'] === 'user')?.['content'],
    ).flatMap(readMedia),
    tools: callable(offered, choice),
    mustCallTool: choice['type'] === 'any' || choice['type'] === 'tool',
    parallelToolCalls: choice['disable_parallel_tool_use'] !== true,
    toolResults: messages
      .slice(lastAssistant + 1)
      .flatMap((message) => objectsIn(message['content']))
      .filter((block) => block['type'] === 'tool_result')
      .map((block) => textOf(block['content'])),
    wantsJson: format['type'] === 'json_schema',
    responseSchema: isObject(format['schema']) ? format['schema'] : undefined,
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return objectsIn(content)
    .filter((block) => block['type'] === 'text')
    .map((block) => stringIn(block['text']))
    .join('')
}

function readTool(tool: JsonObject): OfferedTool {
  return { name: stringIn(tool['name']), parameters: objectIn(tool['input_schema']) }
}

function callable(offered: readonly OfferedTool[], choice: JsonObject): readonly OfferedTool[] {
  if (choice['type'] === 'none') return []
  return choice['type'] === 'tool'
    ? offered.filter((tool) => tool.name === choice['name'])
    : offered
}

function readMedia(block: JsonObject): MediaSeen[] {
  if (block['type'] !== 'image' && block['type'] !== 'document') return []
  const source = objectIn(block['source'])
  if (source['type'] === 'base64')
    return [mediaFromBase64(stringIn(source['media_type']), stringIn(source['data']))]
  return [{ url: stringIn(source['url'] ?? source['file_id']) }]
}
