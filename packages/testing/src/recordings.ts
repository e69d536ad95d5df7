import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { encodeEvent } from './event-stream.ts'
import { type JsonObject, isObject, objectIn, stringIn } from './json.ts'

/** A recorded answer of a provider. */
export interface Recording {
  /** File name without its extension. */
  readonly name: string
  /** Wire format, as the folder is named: `openai-chat`, `anthropic-messages`, `gemini`, ... */
  readonly dialect: string
  /** The provider that answered, as recorded. */
  readonly provider: string
  /** The answer is a stream of events. */
  readonly isStream: boolean
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** The bytes as they came. */
  readonly body: Buffer
  /** The request, where it was recorded. */
  readonly request: RecordedRequest | undefined
}

export interface RecordedRequest {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

/** Headers that describe a connection, not an answer. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
])

/**
 * Reads one recording: a JSON file `{provider?, request?: {method, path, body}, response: {status,
 * headers, body | bodyBase64}}` in a folder named after its dialect; `unframed` ones are framed
 * again. Throws when the file is missing or has another shape.
 */
export function readRecording(path: string): Recording {
  const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const response = objectIn(objectIn(file)['response'])
  if (typeof response['status'] !== 'number')
    throw new TypeError(`${path} is no recording: it has no response with a status.`)
  const headers = headersFrom(response['headers'])
  const isUnframed = objectIn(file)['unframed'] !== undefined
  if (isUnframed) headers['content-type'] = 'application/vnd.amazon.eventstream'
  return {
    name: basename(path, '.json'),
    dialect: basename(dirname(path)),
    provider: stringIn(objectIn(file)['provider']),
    isStream: /event-?stream/.test(headers['content-type'] ?? ''),
    status: response['status'],
    headers,
    body: isUnframed ? frameLines(stringIn(response['body'])) : bodyFrom(response),
    request: requestFrom(objectIn(file)['request']),
  }
}

/**
 * Reads every recording of a folder, in order of name: the folder of one dialect, or one that holds
 * such folders. Throws when the folder does not exist.
 */
export function loadRecordings(folder: string): Recording[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return loadRecordings(path)
      return entry.name.endsWith('.json') ? [readRecording(path)] : []
    })
}

/**
 * The headers a replay sends: those of the answer, not those of the connection it was recorded
 * from.
 */
export function replayHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !CONNECTION_HEADERS.has(name)),
  )
}

function headersFrom(headers: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectIn(headers)).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
}

function bodyFrom(response: JsonObject): Buffer {
  const encoded = response['bodyBase64']
  return typeof encoded === 'string'
    ? Buffer.from(encoded, 'base64')
    : Buffer.from(stringIn(response['body']))
}

/**
 * Events that were written down one JSON object a line, `{"messageStop": {...}}`, as the frames
 * they were.
 */
function frameLines(lines: string): Buffer {
  const frames = lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => Object.entries(objectIn(JSON.parse(line))))
    .map(([type, payload]) => encodeEvent(type, JSON.stringify(payload)))
  return Buffer.concat(frames)
}

function requestFrom(request: unknown): RecordedRequest | undefined {
  if (!isObject(request)) return undefined
  return {
    method: stringIn(request['method']),
    path: stringIn(request['path']),
    body: request['body'],
  }
}
