import type {
  AudioPart,
  ExtensionPart,
  FilePart,
  ImagePart,
  MediaSource,
  RefusalPart,
  TextPart,
  ToolResultPart,
} from '../../model/conversation.ts'
import {
  optionalString,
  type Place,
  pathOf,
  placeOf,
  requiredObject,
  requiredText,
} from '../../wire/fields.ts'
import { invalid, unsupported } from '../../model/invalid.ts'
import { isObject, asObject, asText } from '../../wire/json.ts'
import { isFileUrl, sourceOfUrl } from '../../model/media-source.ts'
import { DIALECT } from '../names.ts'

/** Parts in the `content` of a message. */
export type ContentPart = TextPart | ImagePart | FilePart | AudioPart | RefusalPart | ExtensionPart

/** `content` of a message, or `output` of a tool: a string or an array of parts. */
export function readContent(place: Place, field: string): ContentPart[] {
  const content = place.value[field]
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  const path = pathOf(place, field)
  if (!Array.isArray(content)) throw invalid(path, 'a string or an array of parts', content)
  return content.map((part, at) => readPart(placeOf(part, `${path}[${at}]`)))
}

/** Result of a tool; an empty result has no parts. */
export function readResult(place: Place): ToolResultPart['content'] {
  return readContent(place, 'output').flatMap((part, at): ToolResultPart['content'] => {
    switch (part.type) {
      case 'text':
        return part.text === '' ? [] : [part]
      case 'image':
      case 'file':
      case 'extension':
        return [part]
      default:
        throw unsupported(
          `${pathOf(place, 'output')}[${at}]`,
          `a part of type "${part.type}" in a tool's result`,
        )
    }
  })
}

function readPart(part: Place): ContentPart {
  const { type } = part.value
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: optionalString(part, 'text') ?? missingText(part) }
    case 'input_image':
    case 'image_url':
      return readImage(part)
    case 'input_file':
      return readFile(part)
    case 'document_url':
    case 'file_url':
      return { type: 'file', source: readUrl(part, type) }
    case 'input_audio': {
      const audio = requiredObject(part, 'input_audio')
      return {
        type: 'audio',
        format: requiredText(audio, 'format'),
        data: requiredText(audio, 'data'),
      }
    }
    case 'refusal':
      return { type: 'refusal', text: optionalString(part, 'refusal') ?? '' }
    default:
      if (typeof type !== 'string') throw invalid(pathOf(part, 'type'), 'a string', type)
      return { type: 'extension', dialect: DIALECT, value: part.value }
  }
}

function missingText(part: Place): never {
  throw invalid(pathOf(part, 'text'), 'a string', part.value.text)
}

function readImage(part: Place): ImagePart {
  const id = optionalString(part, 'file_id')
  const detail = optionalString(part, 'detail') ?? asText(asObject(part.value.image_url)?.detail)
  const source: MediaSource = id ? { kind: 'id', id } : readUrl(part, 'image_url')
  return detail === undefined ? { type: 'image', source } : { type: 'image', source, detail }
}

function readFile(part: Place): FilePart {
  const name = optionalString(part, 'filename')
  const source = fileSource(part)
  return name === undefined ? { type: 'file', source } : { type: 'file', source, name }
}

function fileSource(part: Place): MediaSource {
  const id = optionalString(part, 'file_id')
  if (id) return { kind: 'id', id }
  if (optionalString(part, 'file_data')) return readUrl(part, 'file_data')
  if (optionalString(part, 'file_url')) return readUrl(part, 'file_url')
  throw invalid(part.path, 'an object with file_data, file_url or file_id', part.value)
}

function readUrl(part: Place, field: string): MediaSource {
  // Chat completions have the URL one level deeper.
  const url = isObject(part.value[field])
    ? requiredText(requiredObject(part, field), 'url')
    : requiredText(part, field)
  const source = sourceOfUrl(url)
  const isEmpty = source.kind === 'data' && source.data === ''
  if (isEmpty || (source.kind === 'url' && !isFileUrl(url))) {
    throw invalid(
      pathOf(part, field),
      'an http(s) URL or a data URL of the form data:<media type>;base64,<data>',
      url,
    )
  }
  return source
}
