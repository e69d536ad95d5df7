import type { ImagePart, Part, ToolCallPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asObjects, textOfValue } from '../../wire/json.ts'
import type { ToolName } from '../from-client/namespaces.ts'
import { DIALECT } from '../names.ts'
import type { ItemPrefix } from './own-items.ts'

/** How far an item has come. `incomplete`: the answer ended in the middle of it. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

export interface OutputText {
  readonly text: string
  readonly annotations: readonly JsonObject[]
  readonly logprobs: readonly JsonObject[]
}

/** A text the model said. */
export function textContent({ text, annotations, logprobs }: OutputText): JsonObject {
  return { type: 'output_text', text, annotations, logprobs }
}

export function refusalContent(text: string): JsonObject {
  return { type: 'refusal', refusal: text }
}

export function messageItem(
  id: string,
  status: ItemStatus,
  content: readonly JsonObject[],
): JsonObject {
  return { id, type: 'message', status, role: 'assistant', content }
}

/**
 * Thoughts are shown as a summary, which every client displays; without a proof there is no
 * `encrypted_content`.
 */
export function reasoningItem(
  id: string,
  text: string,
  encryptedContent: string | undefined,
): JsonObject {
  return {
    id,
    type: 'reasoning',
    summary: text === '' ? [] : [summaryContent(text)],
    ...(encryptedContent === undefined ? {} : { encrypted_content: encryptedContent }),
  }
}

export function summaryContent(text: string): JsonObject {
  return { type: 'summary_text', text }
}

/** Event names of tool call items, and the field that holds the arguments. */
export const callKinds = {
  function: {
    prefix: 'fc',
    type: 'function_call',
    field: 'arguments',
    event: 'response.function_call_arguments',
  },
  custom: {
    prefix: 'ctc',
    type: 'custom_tool_call',
    field: 'input',
    event: 'response.custom_tool_call_input',
  },
} as const satisfies Record<
  ToolCallPart['kind'],
  { prefix: ItemPrefix; type: string; field: string; event: string }
>

export interface Call {
  readonly kind: ToolCallPart['kind']
  /** By which the result names it. */
  readonly callId: string
  readonly tool: ToolName
  readonly arguments: string
}

export function callItem(id: string, status: ItemStatus, call: Call): JsonObject {
  const { type, field } = callKinds[call.kind]
  const { name, namespace } = call.tool
  return {
    id,
    type,
    status,
    call_id: call.callId,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    [field]: call.arguments,
  }
}

/** The arguments of a call that has ended: one without any has none to parse but `{}`. */
export function wholeArguments(kind: ToolCallPart['kind'], text: string): string {
  return kind === 'function' && text === '' ? '{}' : text
}

/** A part that is an item of its own: an image, or what only this dialect understands. */
export function wholeItem(part: Part, id: string): JsonObject | undefined {
  if (part.type === 'image') return imageItem(id, part)
  return part.type === 'extension' && part.dialect === DIALECT ? asObject(part.value) : undefined
}

/**
 * An image the model made; `undefined` for one that is not at hand, which this dialect has no item
 * for.
 */
function imageItem(id: string, { source }: ImagePart): JsonObject | undefined {
  if (source.kind !== 'data') return undefined
  const format = source.mediaType.slice(source.mediaType.indexOf('/') + 1)
  return {
    id,
    type: 'image_generation_call',
    status: 'completed',
    output_format: format,
    result: source.data,
  }
}

/**
 * Annotations as this dialect writes them: the fields beside the type, not in an object named by
 * it. Places are counted from where the part of the text begins that they are about, which is
 * `offset` characters into the answer.
 */
export function flatAnnotations(annotations: readonly unknown[], offset: number): JsonObject[] {
  return asObjects(annotations).map((annotation) => {
    const { type } = annotation
    const fields = { ...(asObject(annotation[textOfValue(type)]) ?? annotation) }
    for (const place of ['start_index', 'end_index']) {
      const index = fields[place]
      if (typeof index === 'number') fields[place] = Math.max(0, index - offset)
    }
    return { type, ...fields }
  })
}

/** Where in the answer's text an annotation begins; `undefined` when it does not say. */
export function startOf(annotation: unknown): number | undefined {
  const value = asObject(annotation)
  const fields = asObject(value?.[textOfValue(value.type)]) ?? value
  return typeof fields?.start_index === 'number' ? fields.start_index : undefined
}

/** The tokens of `logprobs` as chat completions write them. */
export function logprobTokens(logprobs: unknown): JsonObject[] {
  return asObjects(asObject(logprobs)?.content).map(
    ({ token, logprob, bytes, top_logprobs: top }) => ({
      token,
      logprob,
      bytes: bytes ?? [],
      top_logprobs: asObjects(top).map((other) => ({
        token: other.token,
        logprob: other.logprob,
        bytes: other.bytes ?? [],
      })),
    }),
  )
}
