import type { ReasoningPart, Signature } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asList, asObject, parseJson, asStrings, asText } from '../../wire/json.ts'

/**
 * Reasoning has no place in OpenAI's own messages. Services agreed on two additions:
 * `reasoning_content`, a plain string for display, and `reasoning_details`, a list that also holds
 * signatures. A client that sends the list back as it came (or as it gathered it from a stream, by
 * `index`) can go on where it stopped.
 */

const CLAUDE_FORMAT = 'anthropic-claude-v1'
const THOUGHT_SIGNATURE_FORMAT = 'google-gemini-v1'

const formats: readonly { readonly origin: string; readonly format: string }[] = [
  { origin: 'anthropic-messages', format: CLAUDE_FORMAT },
  { origin: 'gemini', format: THOUGHT_SIGNATURE_FORMAT },
]

/** Signatures that came without a format, from a service that speaks this dialect. */
export const OWN_ORIGIN = 'openai-chat'

const KNOWN_ORIGINS: ReadonlySet<string> = new Set([
  'anthropic-messages',
  'gemini',
  'openai-responses',
  'bedrock-converse',
])

function formatOf(origin: string): string {
  return formats.find((entry) => entry.origin === origin)?.format ?? origin
}

function originOf(format: unknown): string {
  return formats.find((entry) => entry.format === format)?.origin ?? asText(format) ?? OWN_ORIGIN
}

/**
 * Whether a router to many models knows such proofs: it has a format for them, and they have not
 * come from another provider.
 */
export function isRouted(origin: string): boolean {
  return (
    formats.some((entry) => entry.origin === origin) ||
    !(KNOWN_ORIGINS.has(origin) || origin.includes('@'))
  )
}

/**
 * Whether another dialect issued the entry's proof: this one's services neither know nor need it.
 */
export function isForeignDetail(detail: unknown): boolean {
  const format = asObject(detail)?.format
  if (format === undefined) return false
  // The issuer may stand behind the dialect.
  const [dialect = ''] = originOf(format).split('@')
  return originOf(format) !== OWN_ORIGIN && (KNOWN_ORIGINS.has(dialect) || dialect === OWN_ORIGIN)
}

/** One entry of `reasoning_details`. */
export function reasoningDetail(part: ReasoningPart, index: number): JsonObject {
  const { text, signature, redacted } = part
  if (signature === undefined) return { type: 'reasoning.text', text, index }
  const format = formatOf(signature.origin)
  if (redacted) return { type: 'reasoning.encrypted', data: signature.value, format, index }
  return { type: 'reasoning.text', text, signature: signature.value, format, index }
}

/**
 * The entry that ends the fragments of a streamed block. `text` is there, empty, when there were no
 * fragments: it tells a block without visible text from a history that lost its fragments.
 */
export function signatureDetail(
  signature: Signature,
  block: { readonly index: number; readonly hasText: boolean },
): JsonObject {
  const text = block.hasText ? {} : { text: '' }
  return {
    type: 'reasoning.text',
    ...text,
    signature: signature.value,
    format: formatOf(signature.origin),
    index: block.index,
  }
}

/** The entries of `reasoning_details`; without them, the plain string under either of its names. */
export function reasoningPartsOf(message: JsonObject): ReasoningPart[] {
  const parts = gather(asList(message.reasoning_details))
  if (parts.length > 0) return parts
  const text = asText(message.reasoning_content) ?? asText(message.reasoning)
  return text === undefined ? [] : [{ type: 'reasoning', text }]
}

interface Block {
  readonly index: unknown
  text: string | undefined
  signature: Signature | undefined
  redacted: boolean
}

/** Joins fragments: entries of one index belong together until a signature ends them. */
function gather(details: readonly unknown[]): ReasoningPart[] {
  const blocks: Block[] = []
  for (const item of details) {
    const fragment = readDetail(item)
    if (fragment === undefined) continue
    const block = fragment.redacted
      ? undefined
      : blocks.findLast((other) => other.index === fragment.index)
    if (block === undefined || block.redacted || block.signature !== undefined) {
      blocks.push(fragment)
      continue
    }
    if (fragment.text !== undefined) block.text = (block.text ?? '') + fragment.text
    block.signature = fragment.signature
  }
  return blocks.flatMap(partOf)
}

/**
 * A signature whose text never came is half of a block: some clients keep only the last fragment of
 * a stream. Sent back it would be refused, so it is left out.
 */
function partOf(block: Block): ReasoningPart[] {
  const { text, signature, redacted } = block
  if (redacted) return [{ type: 'reasoning', text: '', signature, redacted }]
  if (text === undefined || (text === '' && signature === undefined)) return []
  return [
    signature === undefined ? { type: 'reasoning', text } : { type: 'reasoning', text, signature },
  ]
}

function readDetail(item: unknown): Block | undefined {
  const detail = asObject(item)
  if (detail === undefined) return undefined
  const { index } = detail
  const origin = originOf(detail.format)
  if (detail.type === 'reasoning.encrypted') {
    const value = asText(detail.data)
    return value === undefined
      ? undefined
      : { index, text: undefined, signature: { origin, value }, redacted: true }
  }
  const text = detail.text ?? detail.summary
  const value = asText(detail.signature)
  if (typeof text !== 'string' && value === undefined) return undefined
  return {
    index,
    text: typeof text === 'string' ? text : undefined,
    signature: value === undefined ? undefined : { origin, value },
    redacted: false,
  }
}

/** Reasoning fragments of one streamed delta, in order. */
export type ReasoningFragment =
  | { readonly text: string }
  | { readonly signature: Signature; readonly redacted: boolean }

/**
 * Services that send both the string and the list say the same twice; the list says more, when it
 * has the text.
 */
export function reasoningFragmentsOf(delta: JsonObject): ReasoningFragment[] {
  const fragments: ReasoningFragment[] = []
  let textInDetails = false
  for (const item of asList(delta.reasoning_details)) {
    const detail = readDetail(item)
    if (detail?.text) {
      textInDetails = true
      fragments.push({ text: detail.text })
    }
    if (detail?.signature)
      fragments.push({ signature: detail.signature, redacted: detail.redacted })
  }
  if (textInDetails) return fragments
  const text = asText(delta.reasoning_content) ?? asText(delta.reasoning)
  return text === undefined ? fragments : [{ text }, ...fragments]
}

const TOOL_CALL_ORIGIN = 'gemini'
/** Before a proof that names its issuer. Those that do not are base64, which has no full stop. */
const ISSUER_MARK = 'postern.'

/** The signature of a tool call: `extra_content.google.thought_signature`. */
export function toolCallSignatureOf(call: JsonObject): Signature | undefined {
  const value = asText(asObject(asObject(call.extra_content)?.google)?.thought_signature)
  if (value === undefined) return undefined
  if (!value.startsWith(ISSUER_MARK)) return { origin: TOOL_CALL_ORIGIN, value }
  const [origin, proof] = asStrings(
    parseJson(Buffer.from(value.slice(ISSUER_MARK.length), 'base64url').toString())?.value,
  )
  return origin === undefined || proof === undefined ? undefined : { origin, value: proof }
}

/**
 * `extra_content` of a tool call, or `undefined` when there is no signature this wire has a place
 * for.
 */
export function extraContentOf(signature: Signature | undefined): JsonObject | undefined {
  if (signature === undefined) return undefined
  const { origin, value } = signature
  if (origin === TOOL_CALL_ORIGIN) return { google: { thought_signature: value } }
  if (!origin.startsWith(`${TOOL_CALL_ORIGIN}@`)) return undefined
  return {
    google: {
      thought_signature:
        ISSUER_MARK + Buffer.from(JSON.stringify([origin, value])).toString('base64url'),
    },
  }
}
