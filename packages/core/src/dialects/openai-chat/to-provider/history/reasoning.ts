import type { JsonObject } from '../../../model/json-object.ts'
import type { Quirks, ReasoningField } from '../../../model/quirks.ts'
import { asList, asObject, asObjects, asText } from '../../../wire/json.ts'
import { thinkingText } from '../../from-client/content.ts'
import { partsOf } from './content.ts'
import { changed, holdsFor, isEmpty, type Placed, type Service } from './context.ts'

const FIELDS = ['reasoning_content', 'reasoning', 'reasoning_details'] as const

/** Whether the service refuses reasoning of earlier turns for this model. */
export function refusesReasoning(
  { exact, refusesReasoning: refuses, reasoningModels }: Quirks,
  model: string,
): boolean {
  return (
    exact === true ||
    refuses === true ||
    (reasoningModels !== undefined && !holdsFor(reasoningModels, model))
  )
}

/** Reasoning of an earlier turn under the name the service has for it, or the filler it demands. */
export function fitReasoning(placed: Placed, service: Service, offersTools: boolean): JsonObject {
  const { message } = placed
  if (message.role !== 'assistant') return message
  const { quirks, model } = service
  if (refusesReasoning(quirks, model)) return withoutReasoning(placed, service)
  const { reasoningField } = quirks
  const renamed = reasoningField === undefined ? message : inField(placed, reasoningField, service)
  return withFiller(renamed, service, offersTools)
}

function withoutReasoning({ message, path }: Placed, { dropped }: Service): JsonObject {
  const changes: JsonObject = {}
  for (const field of FIELDS) {
    if (message[field] === undefined) continue
    changes[field] = undefined
    if (!isEmpty(message[field])) dropped.add(`${path}.${field}`)
  }
  const { rest, thinking } = splitThinking(message.content)
  if (thinking !== '') {
    changes.content = contentOf(rest)
    dropped.add(`${path}.content (thinking)`)
  }
  return changed(message, changes)
}

function inField(
  { message, path }: Placed,
  field: ReasoningField,
  { dropped }: Service,
): JsonObject {
  const details = asObjects(message.reasoning_details)
  if (field === 'reasoning_details' && details.length > 0)
    return changed(message, without(message, field))
  const { rest, thinking } = splitThinking(message.content)
  const isThere = FIELDS.some((name) => message[name] !== undefined) || thinking !== ''
  const isParts = field === 'thinking_parts' || field === 'reasoning_parts'
  if (!isThere || (field === 'thinking_parts' && thinking !== ''))
    return changed(message, without(message, undefined))
  const text =
    asText(message.reasoning_content) ??
    asText(message.reasoning) ??
    asText(thinking) ??
    details.map((detail) => asText(detail.text) ?? asText(detail.summary) ?? '').join('')
  if (details.some((detail) => !isEmpty(detail.signature) || !isEmpty(detail.data)))
    dropped.add(`${path}.reasoning_details (signatures)`)
  const changes = without(message, isParts ? undefined : field)
  if (thinking !== '') changes.content = contentOf(rest)
  if (text === '')
    return changed(message, { ...changes, ...(isParts ? {} : { [field]: undefined }) })
  if (field === 'thinking_parts')
    return changed(message, {
      ...changes,
      content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }, ...rest],
    })
  if (field === 'reasoning_parts')
    return changed(message, {
      ...changes,
      content: [{ type: 'reasoning', summary: [{ type: 'summary_text', text }] }, ...rest],
    })
  if (message[field] === text && Object.keys(changes).length === 0) return message
  return changed(message, {
    ...changes,
    [field]: field === 'reasoning_details' ? [{ type: 'reasoning.text', text, index: 0 }] : text,
  })
}

/** Removes every field of reasoning but this one. */
function without(message: JsonObject, kept: string | undefined): JsonObject {
  return Object.fromEntries(
    FIELDS.filter((field) => field !== kept && message[field] !== undefined).map((field) => [
      field,
      undefined,
    ]),
  )
}

function withFiller(
  message: JsonObject,
  { quirks, model }: Service,
  offersTools: boolean,
): JsonObject {
  const filler = quirks.reasoningFiller
  if (filler === undefined || (filler.models !== undefined && !holdsFor(filler.models, model)))
    return message
  if (asList(message.tool_calls).length === 0 && !(filler.on === 'tools' && offersTools))
    return message
  const field = quirks.reasoningField === 'reasoning' ? 'reasoning' : 'reasoning_content'
  // Where the filler is empty an empty text is enough; elsewhere that counts as missing.
  const isThere =
    typeof message[field] === 'string' && (message[field] !== '' || filler.text === '')
  return isThere ? message : { ...message, [field]: filler.text }
}

/**
 * Some services answer with thinking among the parts of the content, and their own clients send it
 * back there.
 */
function splitThinking(content: unknown): {
  readonly rest: readonly unknown[]
  readonly thinking: string
} {
  const rest: unknown[] = []
  const thoughts: string[] = []
  for (const part of partsOf(content)) {
    const value = asObject(part)
    if (value?.type === 'thinking') thoughts.push(thinkingText(value.thinking))
    else rest.push(part)
  }
  return { rest, thinking: thoughts.join('') }
}

/** One text is a string, as everywhere. */
function contentOf(parts: readonly unknown[]): unknown {
  if (parts.length === 0) return null
  const [first] = parts
  const only = parts.length === 1 ? asObject(first) : undefined
  return only?.type === 'text' ? only.text : parts
}
