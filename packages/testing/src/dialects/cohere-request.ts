import { type JsonObject, isObject, objectIn, objectsIn, stringIn } from '../json.ts'
import {
  type MediaSeen,
  mediaFromUrl,
  type OfferedTool,
  type RequestView,
} from '../request-view.ts'

/** A Cohere v2 chat request in no dialect's words. */
export function readCohereRequest(body: JsonObject): RequestView {
  const messages = objectsIn(body['messages'])
  const lastUser = messages.findLast((message) => message['role'] === 'user')
  const lastAssistant = messages.findLastIndex((message) => message['role'] === 'assistant')
  const format = objectIn(body['response_format'])
  const choice = body['tool_choice']
  return {
    model: stringIn(body['model']),
    stream: body['stream'] === true,
    lastUserText: textOf(lastUser?.['content']),
    media: objectsIn(lastUser?.['content']).flatMap(readMedia),
    tools: choice === 'NONE' ? [] : objectsIn(body['tools']).map(readTool),
    mustCallTool: choice === 'REQUIRED',
    parallelToolCalls: true,
    toolResults: messages
      .slice(lastAssistant + 1)
      .filter((message) => message['role'] === 'tool')
      .map((message) => textOf(message['content'])),
    wantsJson: format['type'] === 'json_object',
    responseSchema: isObject(format['json_schema']) ? format['json_schema'] : undefined,
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return objectsIn(content)
    .map((part) =>
      part['type'] === 'document'
        ? JSON.stringify(objectIn(part['document'])['data'])
        : stringIn(part['text']),
    )
    .join('')
}

function readTool(tool: JsonObject): OfferedTool {
  const definition = objectIn(tool['function'])
  return { name: stringIn(definition['name']), parameters: objectIn(definition['parameters']) }
}

function readMedia(part: JsonObject): MediaSeen[] {
  return part['type'] === 'image_url'
    ? [mediaFromUrl(stringIn(objectIn(part['image_url'])['url']))]
    : []
}
