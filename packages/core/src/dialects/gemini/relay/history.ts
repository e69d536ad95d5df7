import type { JsonObject } from '../../model/json-object.ts'
import { isObject, asList } from '../../wire/json.ts'
import { SIGNATURE_PLACEHOLDER } from '../to-provider/contents.ts'
import { isForeignSignature } from '../to-client/foreign-signature.ts'
import type { ModelTraits } from '../to-provider/models.ts'
import { isForeignId } from '../to-provider/tool-history.ts'

export interface HistoryContext {
  readonly traits: ModelTraits
  /** Changed fields are added here. */
  readonly dropped: Set<string>
}

/**
 * A history that other providers have written in part, made fit for this one: their proofs and ids
 * taken out, and the documented stand-in where a call has no proof of its own. `undefined` when all
 * of it can stay as it is.
 */
export function repairHistory(contents: unknown, context: HistoryContext): unknown[] | undefined {
  const given = Array.isArray(contents) ? contents : [contents]
  const order = new Map<string, number>()
  const foreign = foreignTurns(given)
  let changed = false
  const repaired = given.map((content, at) => {
    const next = isObject(content)
      ? repairContent(content, { isForeign: foreign.has(at), order, dropped: context.dropped })
      : content
    changed ||= next !== content
    return next
  })
  const isSigned = !context.traits.requiresSignatures || signCurrentTurn(repaired, context)
  // A content that held nothing but another provider's thoughts is gone: an empty one would be
  // refused.
  return changed || !isSigned
    ? repaired.filter(
        (content, at) =>
          content === given[at] || !isObject(content) || asList(content['parts']).length > 0,
      )
    : undefined
}

/**
 * Positions of the contents in turns another provider wrote; a turn may be spread over several
 * contents.
 */
function foreignTurns(contents: readonly unknown[]): ReadonlySet<number> {
  const foreign = new Set<number>()
  let turn: number[] = []
  let isForeign = false
  const close = (): void => {
    if (isForeign) for (const at of turn) foreign.add(at)
    turn = []
    isForeign = false
  }
  for (const [at, content] of contents.entries()) {
    if (!isObject(content) || content['role'] !== 'model') close()
    else {
      turn.push(at)
      isForeign ||= partsOf(content).some((part) => isForeignSignature(readSignature(part)))
    }
  }
  close()
  return foreign
}

interface ContentContext {
  /** Another provider's proof is in the turn, so the thoughts of the turn are that provider's. */
  readonly isForeign: boolean
  /** Ids of the calls so far that are taken out, by their position. */
  readonly order: Map<string, number>
  readonly dropped: Set<string>
}

function repairContent(content: JsonObject, context: ContentContext): JsonObject {
  const { order } = context
  const given = Array.isArray(content['parts'])
    ? (content['parts'] as unknown[])
    : [content['parts']]
  const parts: unknown[] = []
  let changed = false
  for (const part of given) {
    const next = isObject(part) ? repairPart(part, context) : part
    changed ||= next !== part
    if (next !== undefined || part === undefined) parts.push(next)
  }
  return changed ? { ...content, parts: inOrderOfCalls(parts, given, order) } : content
}

/** `undefined` for a part of which nothing is left. */
function repairPart(
  part: JsonObject,
  { isForeign, order, dropped }: ContentContext,
): JsonObject | undefined {
  const signature = readSignature(part)
  const isThought = part['thought'] === true
  const hasForeignProof = isForeignSignature(signature)
  if (hasForeignProof) dropped.add('contents.parts.thoughtSignature (signed by another provider)')
  if (
    hasForeignProof
      ? isThought || part['text'] === ''
      : isForeign && isThought && signature === undefined
  )
    return undefined
  const unsigned = hasForeignProof ? without(part, ['thoughtSignature', 'thought_signature']) : part
  const callField = fieldOf(unsigned, 'functionCall', 'function_call')
  if (callField !== undefined)
    return withOwnId(unsigned, callField, (id) => order.set(id, order.size))
  const responseField = fieldOf(unsigned, 'functionResponse', 'function_response')
  return responseField === undefined ? unsigned : withOwnId(unsigned, responseField, () => {})
}

/**
 * Without an id the provider never issued: it matches by name and order, and some of its endpoints
 * refuse such ids.
 */
function withOwnId(part: JsonObject, field: string, onForeign: (id: string) => void): JsonObject {
  const value = part[field] as JsonObject
  const { id } = value
  if (typeof id !== 'string' || !isForeignId(id)) return part
  onForeign(id)
  return { ...part, [field]: without(value, ['id']) }
}

/** Once the ids are gone, only their order says which response belongs to which call. */
function inOrderOfCalls(
  parts: readonly unknown[],
  given: readonly unknown[],
  order: ReadonlyMap<string, number>,
): unknown[] {
  const ranked = given.filter(isObject).flatMap((part) => {
    const field = fieldOf(part, 'functionResponse', 'function_response')
    const id = field === undefined ? undefined : (part[field] as JsonObject)['id']
    return field === undefined
      ? []
      : [typeof id === 'string' ? (order.get(id) ?? order.size) : order.size]
  })
  const responses = parts.filter(
    (part) =>
      isObject(part) && fieldOf(part, 'functionResponse', 'function_response') !== undefined,
  )
  const sorted = responses
    .map((response, at) => ({ response, rank: ranked[at] ?? order.size }))
    .toSorted((a, b) => a.rank - b.rank)
  let next = 0
  return parts.map((part) => (responses.includes(part) ? sorted[next++]?.response : part))
}

/**
 * Every step of the turn that is going on must begin with a signed call; a step may be spread over
 * several contents. Gives back whether all were; those that were not are replaced in `contents`.
 */
function signCurrentTurn(contents: unknown[], { dropped }: HistoryContext): boolean {
  const turnStart = contents.findLastIndex(
    (content) =>
      isObject(content) && content['role'] !== 'model' && !partsOf(content).some(isResponse),
  )
  let allSigned = true
  let stepHasCall = false
  for (let at = turnStart + 1; at < contents.length; at++) {
    const content = contents[at]
    if (!isObject(content) || content['role'] !== 'model') {
      stepHasCall = false
      continue
    }
    const first = stepHasCall
      ? undefined
      : partsOf(content).find(
          (part) => fieldOf(part, 'functionCall', 'function_call') !== undefined,
        )
    if (first === undefined) continue
    stepHasCall = true
    if (readSignature(first) !== undefined) continue
    allSigned = false
    const signed = { ...first, thoughtSignature: SIGNATURE_PLACEHOLDER }
    contents[at] = {
      ...content,
      parts: partsOf(content).map((part) => (part === first ? signed : part)),
    }
    dropped.add(`contents.parts.thoughtSignature (repaired: ${SIGNATURE_PLACEHOLDER})`)
  }
  return allSigned
}

function partsOf({ parts }: JsonObject): JsonObject[] {
  return (Array.isArray(parts) ? (parts as unknown[]) : [parts]).filter(isObject)
}

function isResponse(part: JsonObject): boolean {
  return fieldOf(part, 'functionResponse', 'function_response') !== undefined
}

function readSignature(part: JsonObject): unknown {
  return part['thoughtSignature'] ?? part['thought_signature']
}

/** Which of the two spellings of an object the part has. */
function fieldOf(part: JsonObject, camel: string, snake: string): string | undefined {
  return isObject(part[camel]) ? camel : isObject(part[snake]) ? snake : undefined
}

function without(value: JsonObject, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field)))
}
