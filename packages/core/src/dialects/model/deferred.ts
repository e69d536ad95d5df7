import type { JsonObject } from './json-object.ts'
import { asObjects } from '../wire/json.ts'

/**
 * Paths of a provider's own API whose answers or costs come with another request: batches, runs,
 * training.
 */
const DEFERRED_PATH =
  /\/(?:batch|batches|batch[_-]?jobs|batch_?prediction_?jobs|jobs|fine-tunes|runs|submit_tool_outputs|model-invocation-jobs?|async-invoke|predictions)(?:\/create)?\/?$|\/async\/|:batch\w+\/?$|:predictLongRunning\/?$/i

/**
 * Whether the request asks to be answered later: Responses with `background`, xAI with `deferred`.
 */
export function asksToBeDeferred(body: JsonObject): boolean {
  return body['background'] === true || body['deferred'] === true
}

/** Whether requests to this path are answered later. */
export function isDeferredPath(path: string): boolean {
  return DEFERRED_PATH.test(path)
}

const KEPT = ['previous_response_id', 'conversation'] as const

/**
 * Whether the request continues something its provider stores: an answer, a conversation, an item
 * of one.
 */
export function namesKeptInput(body: JsonObject): boolean {
  if (KEPT.some((field) => body[field] !== undefined && body[field] !== null)) return true
  return asObjects(body['input']).some(
    ({ type, role }) => type === 'item_reference' || (type === undefined && role === undefined),
  )
}
