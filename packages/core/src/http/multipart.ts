import { GatewayError } from '../errors.ts'
import { REPLAYABLE_BYTES } from './body.ts'
import { type FoundField, MultipartScanner } from './multipart-scanner.ts'
import type { GatewayRequest } from './request.ts'

export interface FormOptions {
  /** Largest body, in bytes. */
  readonly limit: number
  /**
   * Look for the model in front of the first file only: a form that needs none is not read to its
   * end in search of it.
   */
  readonly beforeFiles?: boolean
}

/** A multipart form on its way through, read as far as its `model` field. */
export interface Form {
  /** As the client wrote it. */
  readonly model: string | undefined
  /** As the client sent it; it names the boundary. */
  readonly contentType: string
  /**
   * The form with this model in place of the client's, or without the field; not another byte is
   * changed. Bytes when the whole form is at hand, otherwise a stream that can be read once.
   */
  withModel(model: string | undefined): FormBody
}

export interface FormBody {
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
  /** Size of the body, when the client told that of its own. */
  readonly length: number | undefined
}

/**
 * Reads a form up to its `model` field. Official SDKs write a file before it, so as much of the
 * body as comes before the field is kept; what follows streams, unless it is so little that it is
 * kept too and can be sent again.
 *
 * Rejects with `invalid_request` for a form that two parsers could read differently, with
 * `body_too_large`, and with `client_closed`.
 */
export async function openForm(request: GatewayRequest, options: FormOptions): Promise<Form> {
  const contentType = request.header('content-type') ?? ''
  const scanner = new MultipartScanner(boundaryOf(contentType), 'model')
  const source = request.stream(options.limit)[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let size = 0
  let isWhole = false
  const isEnough = (): boolean =>
    size > REPLAYABLE_BYTES &&
    (scanner.found !== undefined || (options.beforeFiles === true && scanner.hasSeenFile))
  while (!isWhole && !isEnough()) {
    const { done, value } = await source.next()
    if (done === true) {
      scanner.end()
      isWhole = true
    } else {
      scanner.push(value)
      chunks.push(value)
      size += value.length
    }
  }
  const head =
    chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size)
  const total = isWhole ? size : announcedLength(request)
  const { found } = scanner
  return {
    model: found?.value,
    contentType,
    withModel(model) {
      const rewritten = replaceModel(head, found, model)
      const length = total === undefined ? undefined : total + rewritten.length - head.length
      return {
        length,
        body: isWhole
          ? rewritten
          : withRest(rewritten, { source, scanner, mayHaveModel: found !== undefined }),
      }
    },
  }
}

const BOUNDARY = /;[ \t]*boundary=(?:"([^"\\]{1,200})"|([^\s;,"]{1,200}))(?=[ \t]*(?:;|$))/gi
/** In every spelling that some parser may read. */
const ANY_BOUNDARY = /;\s*boundary[^=;]*=/gi

function boundaryOf(contentType: string): string {
  const [first] = contentType.matchAll(BOUNDARY)
  const boundary = first?.[1] ?? first?.[2]
  if (boundary !== undefined && contentType.match(ANY_BOUNDARY)?.length === 1) return boundary
  throw new GatewayError(
    'invalid_request',
    'The content-type of a multipart body must name one boundary.',
  )
}

function announcedLength(request: GatewayRequest): number | undefined {
  const length =
    request.header('content-encoding') === undefined ? request.header('content-length') : undefined
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined
}

function replaceModel(
  head: Uint8Array,
  found: FoundField | undefined,
  model: string | undefined,
): Uint8Array {
  if (found === undefined || found.value === model) return head
  const { start, end } = model === undefined ? found.partSpan : found.valueSpan
  return Buffer.concat([head.subarray(0, start), Buffer.from(model ?? ''), head.subarray(end)])
}

interface Rest {
  readonly source: AsyncIterator<Uint8Array>
  readonly scanner: MultipartScanner
  /**
   * The model has been read; without it a later one was never looked for, and must not be there.
   */
  readonly mayHaveModel: boolean
}

/** The rest is still looked at: nothing in it may name a second model. */
async function* withRest(
  head: Uint8Array,
  { source, scanner, mayHaveModel }: Rest,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    yield head
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      scanner.push(next.value)
      if (!mayHaveModel && scanner.found !== undefined)
        throw new GatewayError('invalid_request', 'The field "model" must stand before the file.', {
          param: 'model',
        })
      yield next.value
    }
    scanner.end()
  } finally {
    await source.return?.()
  }
}
