import type { JsonObject } from '../../model/json-object.ts'
import { asObject, asObjects, asText } from '../../wire/json.ts'
import { readAnswerContent, readAudio } from './answer.ts'
import { readImages } from '../from-client/images.ts'
import { reasoningFragmentsOf } from './reasoning-details.ts'

/**
 * Whether a chunk holds a part of the answer. A role, empty strings, usage, a filter's report and a
 * finish reason are none.
 */
export function chunkHasContent(chunk: JsonObject): boolean {
  return asObjects(chunk.choices).some(({ delta }) => {
    const object = asObject(delta)
    return object !== undefined && hasContent(object)
  })
}

function hasContent(delta: JsonObject): boolean {
  if (typeof delta.content === 'string' && delta.content !== '') return true
  if (asText(delta.refusal) !== undefined || reasoningFragmentsOf(delta).length > 0) return true
  if (asObjects(delta.tool_calls).some(isCall) || isCall({ function: delta.function_call }))
    return true
  if (readAnswerContent(delta.content).some((part) => !('text' in part) || part.text !== ''))
    return true
  return readImages(delta.images).length > 0 || readAudio(delta.audio).length > 0
}

/** Some services send an empty call with every chunk. */
function isCall({ id, function: called, custom }: JsonObject): boolean {
  const { name, arguments: text, input } = asObject(called) ?? asObject(custom) ?? {}
  return [id, name, text, input].some((value) => asText(value) !== undefined)
}
