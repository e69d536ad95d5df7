import type {
  AudioPart,
  ExtensionPart,
  FilePart,
  ImagePart,
  MediaSource,
  TextPart,
  ToolResultPart,
} from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { refuseOrDrop } from '../../model/invalid.ts'
import { urlOfSource } from '../../model/media-source.ts'
import type { RequestContext } from './context.ts'
import { DIALECT } from '../names.ts'

/** Parts a person or a tool can give. */
export type InputPart = TextPart | ImagePart | FilePart | AudioPart | ExtensionPart

/**
 * Content of a message or tool result: a string when it is one text. `undefined` when nothing is
 * left.
 */
export function inputContent(
  parts: readonly { readonly part: InputPart; readonly path: string }[],
  context: RequestContext,
): string | JsonObject[] | undefined {
  const [first] = parts
  if (parts.length === 1 && first?.part.type === 'text') {
    reportCacheHint(first.part, context)
    return first.part.text
  }
  const content = parts.flatMap(({ part, path }) => inputPart(part, path, context))
  return content.length === 0 ? undefined : content
}

/** The content of a tool's result. A tool that returned nothing has returned an empty text. */
export function resultContent(
  result: ToolResultPart,
  path: string,
  context: RequestContext,
): string | JsonObject[] {
  reportCacheHint(result, context)
  const parts = result.content.map((part, at) => ({ part, path: `${path}.content[${at}]` }))
  return inputContent(parts, context) ?? ''
}

function inputPart(part: InputPart, path: string, context: RequestContext): JsonObject[] {
  reportCacheHint(part, context)
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : [{ type: 'input_text', text: part.text }]
    case 'image':
      return [{ type: 'input_image', ...imageSource(part.source), detail: part.detail ?? 'auto' }]
    case 'file':
      return [{ type: 'input_file', ...fileSource(part) }]
    case 'audio':
      context.dropped.add(refuseOrDrop(context.call, path, 'audio'))
      return []
    case 'extension':
      if (part.dialect === DIALECT) return [part.value as JsonObject]
      context.dropped.add(refuseOrDrop(context.call, path, `a part of ${part.dialect}`))
      return []
  }
}

function imageSource(source: MediaSource): JsonObject {
  return source.kind === 'id' ? { file_id: source.id } : { image_url: urlOfSource(source) }
}

function fileSource({ source, name }: FilePart): JsonObject {
  switch (source.kind) {
    case 'id':
      return { file_id: source.id }
    case 'url':
      return { file_url: source.url }
    case 'data':
      return { filename: name ?? nameOfType(source.mediaType), file_data: urlOfSource(source) }
  }
}

const extensions: ReadonlyMap<string, string> = new Map([
  ['plain', 'txt'],
  ['markdown', 'md'],
])

/** The provider refuses data without a name, and reads the kind of file from its ending. */
function nameOfType(mediaType: string): string {
  const subtype = mediaType.slice(mediaType.indexOf('/') + 1)
  return `document.${extensions.get(subtype) ?? subtype}`
}

/** The provider caches prefixes by itself. */
export function reportCacheHint(part: object, context: RequestContext): void {
  if ('cacheHint' in part && part.cacheHint !== undefined) context.dropped.add('cache_control')
}
