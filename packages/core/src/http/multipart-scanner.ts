import { GatewayError } from '../errors.ts'

/** Where something stands in the whole body: from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** The one field that is looked for. */
export interface FoundField {
  readonly value: string
  /** The value alone. */
  readonly valueSpan: Span
  /** The part from its boundary to the next one. */
  readonly partSpan: Span
}

/** No real form has longer header sections. */
const MAX_HEADER_BYTES = 16 * 1024
const MAX_VALUE_BYTES = 4 * 1024
const BLANK_LINE = Buffer.from('\r\n\r\n')
/** Bytes of a CRLF. */
const LINE_END = 2
const EMPTY = Buffer.alloc(0)

/**
 * Looks for one field of a multipart form (RFC 7578) while its bytes pass, keeping no more of them
 * than a header section and a short value.
 *
 * It must never see another form than the provider does: a second value for the field would call a
 * model the client may not use. So it refuses what parsers are known to disagree about: a boundary
 * that is not alone on its line, a field that occurs twice, names that are spelled with escapes or
 * given twice, folded headers, an end before the last boundary.
 */
export class MultipartScanner {
  /** Set once the field's value is known. */
  found: FoundField | undefined
  /** A part with a file name has begun. */
  hasSeenFile = false
  readonly #field: string
  readonly #boundary: Buffer
  /** Bytes not yet decided about. */
  #rest: Buffer = EMPTY
  /** Where `#rest` begins in the whole body. */
  #at = 0
  #state: 'preamble' | 'headers' | 'content' | 'epilogue' = 'preamble'
  /** The last two bytes before `#rest`: a boundary begins a line. */
  #before = '\r\n'
  #partStart = 0
  #contentStart = 0
  #isField = false
  #value = ''

  constructor(boundary: string, field: string) {
    this.#boundary = Buffer.from(`--${boundary}`, 'latin1')
    this.#field = field
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#state === 'headers' ? this.#readHeaders() : this.#readContent());
  }

  /** Throws when the form is not whole. */
  end(): void {
    if (this.#state !== 'epilogue') throw malformed('it ends before its last boundary')
  }

  /** True when a header section was complete. */
  #readHeaders(): boolean {
    const end = this.#rest.indexOf(BLANK_LINE)
    if (Math.max(end, end === -1 ? this.#rest.length : 0) > MAX_HEADER_BYTES)
      throw malformed('the headers of a part are too long')
    if (end === -1) return false
    const headers = this.#rest.subarray(0, end)
    if (headers.includes(this.#boundary)) throw malformed('a boundary stands among headers')
    const { name, isFile } = dispositionOf(headers.toString('utf8'))
    this.#isField = name === this.#field
    if (this.#isField && this.found !== undefined)
      throw malformed(`the field ${JSON.stringify(name)} is given twice`)
    this.hasSeenFile ||= isFile
    this.#take(end + BLANK_LINE.length)
    this.#contentStart = this.#at
    this.#state = 'content'
    return true
  }

  /**
   * Reads up to the next boundary, or keeps what may be the beginning of one. True when a header
   * section follows.
   */
  #readContent(): boolean {
    const found = this.#rest.indexOf(this.#boundary)
    if (found === -1) {
      this.#pass(this.#rest.length - this.#boundary.length - LINE_END)
      return false
    }
    // The next bytes decide: a further part, or the end.
    const after = found + this.#boundary.length
    if (this.#rest.length < after + LINE_END) return false
    const next = this.#rest.toString('latin1', after, after + LINE_END)
    const before = this.#lineEndBefore(found)
    if (this.#state === 'epilogue' || before !== '\r\n' || (next !== '\r\n' && next !== '--'))
      throw malformed('a boundary is not alone on its line')
    this.#pass(found)
    this.#endPart()
    this.#partStart = this.#at
    this.#take(this.#boundary.length + LINE_END)
    this.#state = next === '--' ? 'epilogue' : 'headers'
    return true
  }

  #endPart(): void {
    if (this.#state !== 'content') return
    // The line end before a boundary belongs to the boundary.
    const valueSpan = { start: this.#contentStart, end: this.#at - LINE_END }
    if (valueSpan.end < valueSpan.start) throw malformed('a part has no content')
    if (!this.#isField) return
    this.#isField = false
    const value = Buffer.from(this.#value.slice(0, -LINE_END), 'latin1').toString('utf8')
    this.found = { value, valueSpan, partSpan: { start: this.#partStart, end: this.#at } }
  }

  /** Lets bytes of content go by. */
  #pass(length: number): void {
    if (length <= 0) return
    if (this.#isField) {
      this.#value += this.#rest.toString('latin1', 0, length)
      if (this.#value.length > MAX_VALUE_BYTES)
        throw malformed(`the field ${JSON.stringify(this.#field)} is too long`)
    }
    this.#take(length)
  }

  #take(length: number): void {
    this.#before = this.#lineEndBefore(length)
    this.#rest = this.#rest.subarray(length)
    this.#at += length
  }

  /** The two bytes before this one of `#rest`. */
  #lineEndBefore(at: number): string {
    return (this.#before + this.#rest.toString('latin1', Math.max(0, at - LINE_END), at)).slice(
      -LINE_END,
    )
  }
}

const DISPOSITION =
  /^content-disposition:[ \t]*form-data((?:[ \t]*;[ \t]*[\w*-]+=(?:"[^"]*"|[^\s";]+))*)[ \t]*$/i
const PARAMETER = /;[ \t]*([\w*-]+)=(?:"([^"]*)"|([^\s";]+))/g

function dispositionOf(headers: string): { name: string; isFile: boolean } {
  const lines = headers.split('\r\n')
  if (lines.some((line) => line === '' || /^[ \t]|[\r\n\0]/.test(line)))
    throw malformed('the headers of a part are missing, folded, or have stray line ends')
  const dispositions = lines.filter((line) => /^content-disposition/i.test(line))
  const parameters = DISPOSITION.exec(dispositions[0] ?? '')?.[1]
  if (parameters === undefined || dispositions.length !== 1)
    throw malformed('a part has no content-disposition of a form, or more than one')
  const given = [...parameters.matchAll(PARAMETER)].map(([, name = '', quoted, bare]) => ({
    name: name.toLowerCase(),
    value: quoted ?? bare ?? '',
  }))
  const names = given.filter(({ name }) => name === 'name' || name === 'name*')
  const name = names.length === 1 && names[0]?.name === 'name' ? names[0].value : undefined
  if (name === undefined || name.includes('\\')) throw malformed('a part has no plain name')
  return { name, isFile: given.some((parameter) => parameter.name.startsWith('filename')) }
}

function malformed(why: string): GatewayError {
  return new GatewayError('invalid_request', `The multipart body cannot be read: ${why}.`)
}
