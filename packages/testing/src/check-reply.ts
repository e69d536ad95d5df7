import { resolveAnswer } from './answer.ts'
import type { DialectName } from './dialects/dialect.ts'
import { parseObject } from './json.ts'
import type { ScriptedReply } from './script.ts'

/** Faults that change what is rendered, and so mean nothing for bytes that are given. */
const RENDERED_ONLY = [
  'status',
  'errorBody',
  'errorMessage',
  'errorCode',
  'htmlErrorPage',
  'errorEventAfter',
  'malformedJson',
  'withoutDone',
  'withoutFinish',
  'duplicateFinish',
  'comments',
] as const

/**
 * Throws `TypeError` for a reply that contradicts itself or that the dialect cannot say, so that no
 * test passes by accident.
 */
export function checkReply(reply: ScriptedReply, dialect: DialectName): void {
  const sources = (['answer', 'replay', 'raw'] as const).filter(
    (source) => reply[source] !== undefined,
  )
  if (sources.length > 1)
    throw new TypeError(`A reply is one of answer, replay and raw, not ${sources.join(' and ')}.`)
  const stops = (
    ['hangAfterBytes', 'hangAfterEvents', 'cutAfterBytes', 'cutAfterEvents'] as const
  ).filter((stop) => reply[stop] !== undefined)
  if (stops.length > 1) throw new TypeError(`A reply stops once, not by ${stops.join(' and ')}.`)
  if (
    reply.cutBy !== undefined &&
    reply.cutAfterBytes === undefined &&
    reply.cutAfterEvents === undefined
  ) {
    throw new TypeError('cutBy says how; cutAfterBytes or cutAfterEvents must say where.')
  }
  if (reply.slowDrip !== undefined && reply.writeSizes !== undefined)
    throw new TypeError('slowDrip and writeSizes both set the size of writes.')
  const isRendered = reply.replay === undefined && reply.raw === undefined
  const stray = RENDERED_ONLY.filter(
    (fault) => reply[fault] !== undefined && reply[fault] !== false,
  )
  if (!isRendered && stray.length > 0) {
    throw new TypeError(
      `${stray.join(', ')}: only for scripted answers; a recording and raw bytes are sent as they are.`,
    )
  }
  checkSizes(reply)
  if (dialect === 'gemini') checkGemini(reply)
}

function checkSizes({ writeSizes, slowDrip }: ScriptedReply): void {
  const smallest =
    typeof writeSizes === 'object' ? (writeSizes.min ?? 1) : (writeSizes ?? slowDrip?.bytes ?? 1)
  const largest = typeof writeSizes === 'object' ? (writeSizes.max ?? 97) : smallest
  if (!Number.isInteger(smallest) || smallest < 1 || largest < smallest)
    throw new TypeError('A write has at least one byte.')
}

function checkGemini(reply: ScriptedReply): void {
  if (reply.withoutDone === true)
    throw new TypeError(
      'A Gemini stream has no end marker to leave out; withoutFinish is what it can lack.',
    )
  for (const call of resolveAnswer(reply.answer ?? {}).toolCalls) {
    const text = call.fragments.join('')
    if (parseObject(text) === undefined)
      throw new TypeError(
        `Gemini sends arguments as an object; those of ${call.name} are no JSON object: ${text}`,
      )
  }
}
