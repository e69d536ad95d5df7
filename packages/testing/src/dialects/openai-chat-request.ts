import { type JsonObject, isObject, objectIn, objectsIn, stringIn } from '../json.ts'
import {
  type MediaSeen,
  mediaFromBase64,
  mediaFromUrl,
  type OfferedTool,
  type RequestView,
} from '../request-view.ts'

/** A chat completions request in no dialect's words. */
export function readChatRequest(body: JsonObject): RequestView {
  const messages = objectsIn(body['messages'])
  const lastUser = messages.findLast((message) => message['role'] === 'user')
  const lastAssistant = messages.findLastIndex((message) => message['role'] === 'assistant')
  const format = objectIn(body['response_format'])
  const choice = readToolChoice(body['tool_choice'])
  const offered = objectsIn(body['tools']).map(readTool)
  return {
    model: stringIn(body['model']),
    stream: body['stream'] === true,
    lastUserText: contentText(lastUser?.['content']),
    media: objectsIn(lastUser?.['content']).flatMap(readMedia),
    tools:
      choice.names === undefined
        ? offered
        : offered.filter((tool) => choice.names?.includes(tool.name)),
    mustCallTool: choice.mustCall,
    parallelToolCalls: body['parallel_tool_calls'] !== false,
    toolResults: messages
      .slice(lastAssistant + 1)
      .filter((message) => message['role'] === 'tool')
      .map((message) => contentText(message['content'])),
    wantsJson: format['type'] === 'json_schema' || format['type'] === 'json_object',
    responseSchema: isObject(objectIn(format['json_schema'])['schema'])
      ? objectIn(objectIn(format['json_schema'])['schema'])
      : undefined,
  }
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  return objectsIn(content)
    .map((part) => stringIn(part['text']))
    .join('')
}

function readTool(tool: JsonObject): OfferedTool {
  const definition = objectIn(tool[tool['type'] === 'custom' ? 'custom' : 'function'])
  return { name: stringIn(definition['name']), parameters: objectIn(definition['parameters']) }
}

function readToolChoice(choice: unknown): { mustCall: boolean; names?: readonly string[] } {
  if (choice === 'none') return { mustCall: false, names: [] }
  if (choice === 'required') return { mustCall: true }
  if (!isObject(choice)) return { mustCall: false }
  if (choice['type'] === 'allowed_tools') {
    const allowed = objectIn(choice['allowed_tools'])
    return {
      mustCall: allowed['mode'] === 'required',
      names: objectsIn(allowed['tools']).map((tool) =>
        stringIn(objectIn(tool['function'])['name']),
      ),
    }
  }
  return {
    mustCall: true,
    names: [
      stringIn(objectIn(choice[choice['type'] === 'custom' ? 'custom' : 'function'])['name']),
    ],
  }
}

function readMedia(part: JsonObject): MediaSeen[] {
  if (part['type'] === 'image_url')
    return [mediaFromUrl(stringIn(objectIn(part['image_url'])['url']))]
  if (part['type'] === 'file') {
    const file = objectIn(part['file'])
    return typeof file['file_data'] === 'string'
      ? [mediaFromUrl(file['file_data'])]
      : [{ url: stringIn(file['file_id']) }]
  }
  if (part['type'] === 'input_audio') {
    const audio = objectIn(part['input_audio'])
    return [mediaFromBase64(`audio/${stringIn(audio['format'])}`, stringIn(audio['data']))]
  }
  return []
}
