import type {
  AudioPart,
  CacheHint,
  FilePart,
  ImagePart,
  MediaSource,
  Part,
  TextPart,
} from '../../model/conversation.ts'
import {
  optionalObject,
  optionalString,
  type Place,
  pathOf,
  placeOf,
  requiredObject,
  requiredText,
} from '../../wire/fields.ts'
import { invalid, unsupported } from '../../model/invalid.ts'
import { asList, asObject, asText } from '../../wire/json.ts'
import { isFileUrl } from '../../model/media-source.ts'

/** The parts of a message's `content`: a string, an array of parts, or nothing. */
export function readContent(message: Place): Part[] {
  const { content } = message.value
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [withCacheHint({ type: 'text', text: content }, message)]
  const path = pathOf(message, 'content')
  if (!Array.isArray(content)) throw invalid(path, 'a string or an array of parts', content)
  return content.map((part, at) => readPart(placeOf(part, `${path}[${at}]`)))
}

/**
 * The content of a tool's result; `unsupported_content` for what no result can hold. A message's
 * cache hint is the result's.
 */
export function readResultContent(message: Place): (TextPart | ImagePart | FilePart)[] {
  const parts = readContent({ ...message, value: { ...message.value, cache_control: undefined } })
  return parts.flatMap((part, at) => {
    if (part.type === 'text' && part.text === '') return []
    if (part.type === 'text' || part.type === 'image' || part.type === 'file') return [part]
    throw unsupported(
      `${pathOf(message, 'content')}[${at}]`,
      `a part of type "${part.type}" in a tool's result`,
    )
  })
}

function readPart(part: Place): Part {
  switch (part.value.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return withCacheHint(
        { type: 'text', text: optionalString(part, 'text') ?? missingText(part) },
        part,
      )
    case 'image_url':
      return readImage(part)
    case 'input_audio':
      return readAudio(part)
    case 'file':
      return readFile(part)
    case 'document_url':
    case 'file_url':
    case 'video_url':
    case 'audio_url':
      return readFileUrl(part, part.value.type)
    case 'refusal':
      return { type: 'refusal', text: optionalString(part, 'refusal') ?? '' }
    case 'thinking':
      return { type: 'reasoning', text: thinkingText(part.value.thinking) }
    default:
      if (typeof part.value.type !== 'string')
        throw invalid(pathOf(part, 'type'), 'a string', part.value.type)
      throw unsupported(part.path, `content of type "${part.value.type}"`)
  }
}

function missingText(part: Place): never {
  throw invalid(pathOf(part, 'text'), 'a string', part.value.text)
}

/** Thinking inside `content`, as some services write it: a string or a list of text parts. */
export function thinkingText(thinking: unknown): string {
  if (typeof thinking === 'string') return thinking
  return asList(thinking)
    .map((part) => asText(asObject(part)?.text) ?? '')
    .join('')
}

function readImage(part: Place): ImagePart {
  const image = urlObject(part, 'image_url')
  const detail = optionalString(image, 'detail')
  const source = sourceOf(requiredText(image, 'url'), {
    path: pathOf(image, 'url'),
    defaultMediaType: undefined,
  })
  return withCacheHint({ type: 'image', source, ...(detail === undefined ? {} : { detail }) }, part)
}

/** `{ url }`, or the URL alone, which many services take as well. */
function urlObject(part: Place, field: string): Place {
  const url = part.value[field]
  return typeof url === 'string'
    ? { value: { url }, path: pathOf(part, field) }
    : requiredObject(part, field)
}

/** Files as compatible services have them, each kind under a name of its own. */
function readFileUrl(part: Place, field: string): FilePart {
  const file = urlObject(part, field)
  const name = optionalString(part, 'document_name') ?? optionalString(part, 'file_name')
  const source = sourceOf(requiredText(file, 'url'), {
    path: pathOf(file, 'url'),
    defaultMediaType: 'application/octet-stream',
  })
  return withCacheHint({ type: 'file', source, ...(name === undefined ? {} : { name }) }, part)
}

function readAudio(part: Place): AudioPart {
  const audio = requiredObject(part, 'input_audio')
  return { type: 'audio', format: requiredText(audio, 'format'), data: requiredText(audio, 'data') }
}

function readFile(part: Place): FilePart {
  const file = requiredObject(part, 'file')
  const name = optionalString(file, 'filename')
  return withCacheHint(
    { type: 'file', source: fileSource(file), ...(name === undefined ? {} : { name }) },
    part,
  )
}

function fileSource(file: Place): MediaSource {
  const id = optionalString(file, 'file_id')
  if (id) return { kind: 'id', id }
  const data = optionalString(file, 'file_data') || optionalString(file, 'file_url')
  if (!data) throw invalid(file.path, 'an object with file_data or file_id', file.value)
  return sourceOf(data, {
    path: pathOf(file, 'file_data'),
    defaultMediaType: 'application/octet-stream',
  })
}

interface SourceRules {
  readonly path: string
  /** For a data URL that names no type; without it such a URL is refused. */
  readonly defaultMediaType: string | undefined
}

/**
 * Media type (parameters ignored) and whether the data is base64; stops at the comma, the data is
 * never scanned.
 */
const DATA_PREFIX = /^data:([^;,]*)((?:;[^;,]*)*),/i

function sourceOf(url: string, rules: SourceRules): MediaSource {
  if (isFileUrl(url)) return { kind: 'url', url }
  const prefix = DATA_PREFIX.exec(url.slice(0, 256))
  if (prefix === null) throw invalid(rules.path, 'an http(s) URL or a data URL', url)
  const mediaType = prefix[1] || rules.defaultMediaType
  const data = url.slice(prefix[0].length)
  if (mediaType === undefined || data === '' || !/;\s*base64$/i.test(prefix[2] ?? '')) {
    throw invalid(rules.path, 'a data URL of the form data:<media type>;base64,<data>', url)
  }
  return { kind: 'data', mediaType: mediaType.toLowerCase(), data }
}

/** `cache_control` of a part, a tool or a whole message. */
export function readCacheHint(place: Place): CacheHint | undefined {
  const control = optionalObject(place, 'cache_control')
  if (control === undefined) return undefined
  const ttl = optionalString(control, 'ttl')
  return ttl === undefined ? {} : { ttl }
}

function withCacheHint<P extends TextPart | ImagePart | FilePart>(part: P, place: Place): P {
  const cacheHint = readCacheHint(place)
  return cacheHint === undefined ? part : { ...part, cacheHint }
}
