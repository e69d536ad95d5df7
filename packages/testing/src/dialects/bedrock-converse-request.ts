import { type JsonObject, isObject, objectIn, objectsIn, parseObject, stringIn } from '../json.ts'
import {
  type MediaSeen,
  mediaFromBase64,
  type OfferedTool,
  type RequestView,
} from '../request-view.ts'

/** A Converse request in no dialect's words; model and transport stand in its address. */
export function readConverseRequest(
  body: JsonObject,
  address: { readonly model: string; readonly stream: boolean },
): RequestView {
  const messages = objectsIn(body['messages'])
  const spoken = messages.findLast(
    (message) => message['role'] === 'user' && textOf(message['content']) !== '',
  )
  const lastAssistant = messages.findLastIndex((message) => message['role'] === 'assistant')
  const config = objectIn(body['toolConfig'])
  const choice = objectIn(config['toolChoice'])
  const forced = objectIn(choice['tool'])['name']
  const offered = objectsIn(config['tools']).flatMap(readTool)
  const format = objectIn(objectIn(objectIn(body['outputConfig'])['textFormat'])['structure'])
  const schema = objectIn(format['jsonSchema'])['schema']
  return {
    ...address,
    lastUserText: textOf(spoken?.['content']),
    media: objectsIn(
      messages.findLast((message) => message['role'] === 'user')?.['content'],
    ).flatMap(readMedia),
    tools: forced === undefined ? offered : offered.filter((tool) => tool.name === forced),
    mustCallTool: isObject(choice['any']) || forced !== undefined,
    parallelToolCalls: true,
    toolResults: messages
      .slice(lastAssistant + 1)
      .flatMap((message) => objectsIn(message['content']))
      .flatMap((block) =>
        isObject(block['toolResult']) ? [textOf(block['toolResult']['content'])] : [],
      ),
    wantsJson: schema !== undefined,
    responseSchema:
      typeof schema === 'string' ? parseObject(schema) : isObject(schema) ? schema : undefined,
  }
}

function textOf(content: unknown): string {
  return objectsIn(content)
    .map((block) =>
      block['json'] === undefined ? stringIn(block['text']) : JSON.stringify(block['json']),
    )
    .join('')
}

function readTool(tool: JsonObject): OfferedTool[] {
  const spec = tool['toolSpec']
  return isObject(spec)
    ? [
        {
          name: stringIn(spec['name']),
          parameters: objectIn(objectIn(spec['inputSchema'])['json']),
        },
      ]
    : []
}

function readMedia(block: JsonObject): MediaSeen[] {
  for (const [kind, prefix] of [
    ['image', 'image/'],
    ['document', 'application/'],
  ] as const) {
    const media = block[kind]
    if (isObject(media))
      return [
        mediaFromBase64(
          prefix + stringIn(media['format']),
          stringIn(objectIn(media['source'])['bytes']),
        ),
      ]
  }
  return []
}
