import type { JsonObject } from '../model/json-object.ts'
import type { RelayedAnswer } from '../model/relay.ts'
import { type Answering, errorIn } from '../wire/error-in.ts'
import type { Finish } from '../model/finish.ts'
import { asObjects } from '../wire/json.ts'
import { nativeUsageOf, readUsage } from '../wire/usage-fields.ts'

const decoder = new TextDecoder()

/** A whole answer as it came. Throws the error that some services put into a 200. */
export function readAnswer(body: JsonObject, bytes: Uint8Array, from: Answering): RelayedAnswer {
  const error =
    body.error === undefined || body.error === null
      ? undefined
      : errorIn({ data: decoder.decode(bytes) }, body, from)
  if (error !== undefined) throw error
  const native = nativeUsageOf(body)
  return { body: bytes, usage: native && readUsage(native), finishes: finishesOf(body) }
}

const REASONS: ReadonlySet<string> = new Set(['stop', 'length', 'content_filter'])

/** Of completions; other answers do not say why they end. */
export function finishesOf(body: JsonObject): Finish[] {
  return asObjects(body.choices).flatMap(({ finish_reason: native }) => {
    if (typeof native !== 'string') return []
    return [
      REASONS.has(native) ? { reason: native as Finish['reason'] } : { reason: 'stop', native },
    ]
  })
}
