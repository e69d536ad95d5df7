import { GatewayError } from '../../../errors.ts'
import type { AudioPart, FilePart, ImagePart, MediaSource } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'

/** Where a media part stands, for the error that names it. */
export interface MediaPlace {
  readonly provider: string
  /** Dotted path of the message in the client's request. */
  readonly param: string
}

const MEDIA_TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    png: 'image/png',
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    webp: 'image/webp',
    gif: 'image/gif',
    heic: 'image/heic',
    heif: 'image/heif',
    avif: 'image/avif',
    pdf: 'application/pdf',
    json: 'application/json',
    txt: 'text/plain',
    md: 'text/markdown',
    html: 'text/html',
    css: 'text/css',
    csv: 'text/csv',
    xml: 'text/xml',
    rtf: 'text/rtf',
    mp3: 'audio/mp3',
    wav: 'audio/wav',
    ogg: 'audio/ogg',
    flac: 'audio/flac',
    aac: 'audio/aac',
    mp4: 'video/mp4',
    mov: 'video/mov',
    webm: 'video/webm',
  }),
)
/** Audio formats whose name is not their media type. */
const AUDIO_TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({ mpeg: 'audio/mp3', pcm16: 'audio/pcm', m4a: 'audio/aac' }),
)

/** Throws `unsupported_content` for a file known only by an id. */
export function imageToPart(part: ImagePart, place: MediaPlace): JsonObject {
  return sourceToPart(part.source, 'image/jpeg', place)
}

/** Throws `unsupported_content` for a file known only by an id. */
export function fileToPart(part: FilePart, place: MediaPlace): JsonObject {
  return sourceToPart(part.source, guessMediaType(part.name) ?? 'application/pdf', place)
}

export function audioToPart(part: AudioPart): JsonObject {
  return {
    inlineData: {
      mimeType: AUDIO_TYPES.get(part.format) ?? `audio/${part.format}`,
      data: part.data,
    },
  }
}

function sourceToPart(source: MediaSource, fallback: string, place: MediaPlace): JsonObject {
  if (source.kind === 'data')
    return {
      inlineData: { mimeType: exactMediaType(source.mediaType) ?? fallback, data: source.data },
    }
  if (source.kind === 'url')
    return { fileData: { fileUri: source.url, mimeType: guessMediaType(source.url) ?? fallback } }
  throw new GatewayError(
    'unsupported_content',
    `${place.provider} cannot read a file by its id; send its data or a URL.`,
    { param: place.param },
  )
}

function exactMediaType(mediaType: string): string | undefined {
  if (mediaType === '' || mediaType === 'application/octet-stream') return undefined
  return mediaType === 'image/jpg' ? 'image/jpeg' : mediaType
}

/** By the ending of a file name or URL. */
export function guessMediaType(name: string | undefined): string | undefined {
  const path = name?.split(/[?#]/, 1)[0] ?? ''
  return MEDIA_TYPES.get(path.slice(path.lastIndexOf('.') + 1).toLowerCase())
}
