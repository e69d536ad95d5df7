import { type JsonObject, isObject, objectIn, objectsIn, stringIn } from '../json.ts'
import {
  type MediaSeen,
  mediaFromBase64,
  type OfferedTool,
  type RequestView,
} from '../request-view.ts'
import type { Route } from './dialect.ts'

/** A generateContent request in no dialect's words. */
export function readGenerateRequest(body: JsonObject, route: Route): RequestView {
  const contents = objectsIn(body['contents'])
  const isFromUser = (content: JsonObject): boolean => content['role'] !== 'model'
  const lastModel = contents.findLastIndex((content) => content['role'] === 'model')
  const config = objectIn(body['generationConfig'])
  const calling = objectIn(objectIn(body['toolConfig'])['functionCallingConfig'])
  const offered = objectsIn(body['tools']).flatMap((tool) =>
    objectsIn(tool['functionDeclarations']).map(readTool),
  )
  const schema = config['responseJsonSchema'] ?? config['responseSchema']
  return {
    model: route.operation === 'answer' ? (route.model ?? '') : '',
    stream: route.operation === 'answer' && route.transport !== 'json',
    lastUserText: textOf(
      contents.findLast((content) => isFromUser(content) && textOf(content) !== ''),
    ),
    media: objectsIn(contents.findLast(isFromUser)?.['parts']).flatMap(readMedia),
    tools: callable(offered, calling),
    mustCallTool: calling['mode'] === 'ANY',
    parallelToolCalls: true,
    toolResults: contents
      .slice(lastModel + 1)
      .flatMap((content) => objectsIn(content['parts']))
      .filter((part) => isObject(part['functionResponse']))
      .map((part) => resultText(objectIn(objectIn(part['functionResponse'])['response']))),
    wantsJson: config['responseMimeType'] === 'application/json',
    responseSchema: isObject(schema) ? schema : undefined,
  }
}

function textOf(content: JsonObject | undefined): string {
  return objectsIn(content?.['parts'])
    .map((part) => stringIn(part['text']))
    .join('')
}

function readTool(declaration: JsonObject): OfferedTool {
  return {
    name: stringIn(declaration['name']),
    parameters: objectIn(declaration['parametersJsonSchema'] ?? declaration['parameters']),
  }
}

function callable(offered: readonly OfferedTool[], calling: JsonObject): readonly OfferedTool[] {
  if (calling['mode'] === 'NONE') return []
  const names = calling['allowedFunctionNames']
  return Array.isArray(names) ? offered.filter((tool) => names.includes(tool.name)) : offered
}

/** A result is an object on this wire: text wrapped in one field is read as that text. */
function resultText(response: JsonObject): string {
  const values = Object.values(response)
  return values.length === 1 && typeof values[0] === 'string' ? values[0] : JSON.stringify(response)
}

function readMedia(part: JsonObject): MediaSeen[] {
  const { inlineData, fileData } = part
  if (isObject(inlineData))
    return [mediaFromBase64(stringIn(inlineData['mimeType']), stringIn(inlineData['data']))]
  return isObject(fileData) ? [{ url: stringIn(fileData['fileUri']) }] : []
}
