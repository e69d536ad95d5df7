import type { FilePart, ImagePart, MediaSource } from '../../model/conversation.ts'
import {
  optionalList,
  optionalString,
  type Place,
  pathOf,
  requiredObject,
  requiredText,
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { sourceOfUrl } from '../../model/media-source.ts'
import { cacheHintField, type Extensions, keepOthers } from './fields.ts'

const IMAGE_FIELDS: ReadonlySet<string> = new Set(['type', 'source', 'cache_control'])
const DOCUMENT_FIELDS: ReadonlySet<string> = new Set(['type', 'source', 'title', 'cache_control'])
const PREFIX = 'messages.content.'

/** An `image` block. */
export function readImage(block: Place, extensions: Extensions): ImagePart {
  keepOthers(block.value, { known: IMAGE_FIELDS, prefix: PREFIX, extensions })
  return {
    type: 'image',
    source: sourceOf(requiredObject(block, 'source'), '"base64", "url" or "file"'),
    ...cacheHintField(block),
  }
}

/** An image as chat completions have it: its URL, or an object with it. */
export function readImageUrl(block: Place): ImagePart {
  const { image_url: image } = block.value
  const url =
    typeof image === 'string' ? image : requiredText(requiredObject(block, 'image_url'), 'url')
  return { type: 'image', source: sourceOfUrl(url), ...cacheHintField(block) }
}

/** A document is a file, or consists of text and images that stand in the request. */
export type Document =
  | { readonly kind: 'file'; readonly part: FilePart }
  | {
      readonly kind: 'blocks'
      readonly title: string | undefined
      readonly blocks: readonly Place[]
    }

/** A `document` block. Where it is made of blocks, a cache hint belongs to the last one. */
export function readDocument(block: Place, extensions: Extensions): Document {
  keepOthers(block.value, { known: DOCUMENT_FIELDS, prefix: PREFIX, extensions })
  const source = requiredObject(block, 'source')
  const title = optionalString(block, 'title')
  if (source.value.type === 'content')
    return { kind: 'blocks', title, blocks: hinted(blocksOf(source), block) }
  const part = {
    type: 'file',
    source: fileSource(source),
    ...(title === undefined ? {} : { name: title }),
    ...cacheHintField(block),
  } as const
  return { kind: 'file', part }
}

function blocksOf(source: Place): readonly Place[] {
  const { content } = source.value
  if (typeof content === 'string')
    return [{ value: { type: 'text', text: content }, path: pathOf(source, 'content') }]
  return optionalList(source, 'content')
}

function hinted(blocks: readonly Place[], { value }: Place): readonly Place[] {
  const last = blocks.at(-1)
  if (last === undefined || value.cache_control === undefined) return blocks
  return [
    ...blocks.slice(0, -1),
    { ...last, value: { ...last.value, cache_control: value.cache_control } },
  ]
}

function fileSource(source: Place): MediaSource {
  if (source.value.type !== 'text')
    return sourceOf(source, '"base64", "text", "content", "url" or "file"')
  const data = Buffer.from(optionalString(source, 'data') ?? '').toString('base64')
  return { kind: 'data', mediaType: optionalString(source, 'media_type') ?? 'text/plain', data }
}

/** Without a type, a source is what it holds. */
function typeOf({ value }: Place): unknown {
  if (value.type !== undefined) return value.type
  if (value.data !== undefined) return 'base64'
  return value.url === undefined ? (value.file_id === undefined ? undefined : 'file') : 'url'
}

function sourceOf(source: Place, expected: string): MediaSource {
  switch (typeOf(source)) {
    case 'base64':
      return {
        kind: 'data',
        mediaType: requiredText(source, 'media_type'),
        data: requiredText(source, 'data'),
      }
    case 'url':
      return { kind: 'url', url: requiredText(source, 'url') }
    case 'file':
      return { kind: 'id', id: requiredText(source, 'file_id') }
    default:
      throw invalid(pathOf(source, 'type'), expected, source.value.type)
  }
}
