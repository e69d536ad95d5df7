import { type JsonObject, isObject, objectIn, objectsIn, stringIn } from '../json.ts'
import {
  type MediaSeen,
  mediaFromUrl,
  type OfferedTool,
  type RequestView,
} from '../request-view.ts'

/** A Responses request in no dialect's words. */
export function readResponsesRequest(body: JsonObject): RequestView {
  const { input } = body
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : objectsIn(input)
  const lastUser = items.findLast((item) => item['role'] === 'user')
  const lastModel = items.findLastIndex(
    (item) =>
      item['role'] === 'assistant' ||
      item['type'] === 'function_call' ||
      item['type'] === 'custom_tool_call',
  )
  const format = objectIn(objectIn(body['text'])['format'])
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
    toolResults: items
      .slice(lastModel + 1)
      .filter(
        (item) =>
          item['type'] === 'function_call_output' || item['type'] === 'custom_tool_call_output',
      )
      .map((item) => contentText(item['output'])),
    wantsJson: format['type'] === 'json_schema' || format['type'] === 'json_object',
    responseSchema: isObject(format['schema']) ? format['schema'] : undefined,
  }
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  return objectsIn(content)
    .map((part) => stringIn(part['text']))
    .join('')
}

function readTool(tool: JsonObject): OfferedTool {
  return { name: stringIn(tool['name']), parameters: objectIn(tool['parameters']) }
}

function readToolChoice(choice: unknown): { mustCall: boolean; names?: readonly string[] } {
  if (choice === 'none') return { mustCall: false, names: [] }
  if (choice === 'required') return { mustCall: true }
  if (!isObject(choice)) return { mustCall: false }
  if (choice['type'] === 'allowed_tools') {
    return {
      mustCall: choice['mode'] === 'required',
      names: objectsIn(choice['tools']).map((tool) => stringIn(tool['name'])),
    }
  }
  return { mustCall: true, names: [stringIn(choice['name'])] }
}

function readMedia(part: JsonObject): MediaSeen[] {
  if (part['type'] === 'input_image')
    return [mediaFromUrl(stringIn(part['image_url'] ?? part['file_id']))]
  if (part['type'] === 'input_file')
    return [mediaFromUrl(stringIn(part['file_data'] ?? part['file_url'] ?? part['file_id']))]
  return []
}
