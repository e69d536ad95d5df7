import type { AudioPart, FilePart, ImagePart } from '../../model/conversation.ts'
import { optionalObject, optionalString, type Place, requiredText } from '../../wire/fields.ts'
import { guessMediaType } from '../to-provider/media.ts'
import { spelled } from './fields.ts'

/** `inlineData` or `fileData` of a part; `undefined` for a part with neither. */
export function readMedia(part: Place): ImagePart | FilePart | AudioPart | undefined {
  const inline = optionalObject(part, spelled(part, 'inlineData'))
  if (inline !== undefined) return readInline(inline)
  const file = optionalObject(part, spelled(part, 'fileData'))
  return file === undefined ? undefined : readFile(file)
}

function readInline(place: Place): ImagePart | FilePart | AudioPart {
  const mediaType = requiredText(place, spelled(place, 'mimeType'))
  const data = requiredText(place, 'data')
  const [kind = '', format = ''] = mediaType.toLowerCase().split('/')
  if (kind === 'audio') return { type: 'audio', format: AUDIO_FORMATS.get(format) ?? format, data }
  const source = { kind: 'data', mediaType, data } as const
  return kind === 'image'
    ? { type: 'image', source }
    : { type: 'file', source, ...displayName(place) }
}

/** Media types that are not the name other dialects have for the format. */
const AUDIO_FORMATS: ReadonlyMap<string, string> = new Map(
  Object.entries({ mpeg: 'mp3', 'x-wav': 'wav', wave: 'wav' }),
)

/** Files only this provider can open: those uploaded to it, and its cloud's storage. */
const OWN_FILE = /^(?!https?:)|^https:\/\/generativelanguage\.googleapis\.com\//

function readFile(place: Place): ImagePart | FilePart {
  const uri = requiredText(place, spelled(place, 'fileUri'))
  const mediaType = optionalString(place, spelled(place, 'mimeType')) ?? guessMediaType(uri)
  const source = OWN_FILE.test(uri)
    ? ({ kind: 'id', id: uri } as const)
    : ({ kind: 'url', url: uri } as const)
  return mediaType?.startsWith('image/')
    ? { type: 'image', source }
    : { type: 'file', source, ...displayName(place) }
}

function displayName(place: Place): { name?: string } {
  const name = optionalString(place, spelled(place, 'displayName'))
  return name ? { name } : {}
}
