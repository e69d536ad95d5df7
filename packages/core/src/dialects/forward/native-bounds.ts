import type { JsonObject } from '../model/json-object.ts'
import { estimateTextTokens } from '../tokens/estimate-tokens.ts'
import { isObject, parseJson } from '../wire/json.ts'
import type { OutputBounds } from '../model/output-bounds.ts'

/** Addresses, below a provider's own, that generate text, and how each bounds it. */
const GENERATES: readonly (readonly [RegExp, OutputBounds])[] = [
  [/\/chat\/completions$/, { names: ['max_completion_tokens', 'max_tokens'] }],
  [/\/responses$/, { names: ['max_output_tokens'] }],
  [/\/messages$/, { names: ['max_tokens'] }],
  [
    /:(?:generateContent|streamGenerateContent)$/,
    {
      within: ['generationConfig', 'generation_config'],
      names: ['maxOutputTokens', 'max_output_tokens'],
    },
  ],
  [/\/converse(?:-stream)?$/, { within: ['inferenceConfig'], names: ['maxTokens'] }],
  [/\/completions$/, { names: ['max_tokens'] }],
  [/\/complete$/, { names: ['max_tokens_to_sample'] }],
  [/^\/v[12]\/chat$/, { names: ['max_tokens'] }],
]

/** Addresses that generate no text. Any other may. */
const GENERATES_NONE =
  /(?:^|\/)(?:embeddings|embed|rerank|moderations|models|files|uploads|vector_stores|tokenize|detokenize|count_tokens|input_tokens)$|:(?:countTokens|embedContent|batchEmbedContents)$/

/**
 * How requests to this path bound their output: `none` where they generate none, `undefined` where
 * it is not known.
 */
export function nativeBounds(path: string): OutputBounds | 'none' | undefined {
  const plain = path.replace(/\/$/, '')
  return (
    GENERATES.find(([pattern]) => pattern.test(plain))?.[1] ??
    (GENERATES_NONE.test(plain) ? 'none' : undefined)
  )
}

/** The JSON object that a body holds, where it is there as a whole. */
export function jsonIn(
  body: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): JsonObject | undefined {
  if (!(body instanceof Uint8Array)) return undefined
  const value = parseJson(
    Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'),
  )?.value
  return isObject(value) ? value : undefined
}

/** Fields that hold pictures, sound and files: never text. */
const MEDIA: ReadonlySet<string> = new Set([
  'data',
  'url',
  'image_url',
  'file_data',
  'bytes',
  'b64_json',
])
const MEDIA_BYTES = 1_000
/** A picture, or a page; bytes of a file per picture or page. */
const MEDIA_TOKENS = 3_000
const PAGE_BYTES = 100_000

/** About what a request in any API costs as input: its text as a whole, media by rules of thumb. */
export function estimateNative(body: JsonObject): number {
  let media = 0
  const text = JSON.stringify(body, (field, value: unknown) => {
    if (typeof value !== 'string' || value.length < MEDIA_BYTES || !MEDIA.has(field)) return value
    media += MEDIA_TOKENS * Math.max(1, Math.round(value.length / PAGE_BYTES))
    return ''
  })
  return media + estimateTextTokens([text])
}
