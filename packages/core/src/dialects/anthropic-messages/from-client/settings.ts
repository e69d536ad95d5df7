import type { ReasoningRequest, ResponseFormat, Sampling } from '../../model/conversation.ts'
import {
  optionalObject,
  optionalString,
  type Place,
  pathOf,
  requiredObject,
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { type Extensions, keepOthers, optionalNumber, requiredInteger } from './fields.ts'

/** Version 2026-10-21 has no sampling fields; a client that sends one still means it. */
export function readSampling(place: Place): Sampling {
  const stop = readStop(place)
  return {
    temperature: optionalNumber(place, 'temperature'),
    topP: optionalNumber(place, 'top_p'),
    topK: optionalNumber(place, 'top_k'),
    maxOutputTokens: optionalNumber(place, 'max_tokens'),
    ...(stop.length === 0 ? {} : { stop }),
  }
}

function readStop(place: Place): readonly string[] {
  const stop = place.value.stop_sequences
  if (stop === undefined || stop === null) return []
  if (!Array.isArray(stop) || !stop.every((item) => typeof item === 'string'))
    throw invalid(pathOf(place, 'stop_sequences'), 'an array of strings', stop)
  return stop
}

/** Effort of `adaptive` thinking without a named effort. */
const DEFAULT_EFFORT = 'high'
const THINKING_FIELDS: ReadonlySet<string> = new Set(['type', 'budget_tokens'])

/**
 * `thinking` and `output_config.effort`. `turnEffort` is what the last system message in the
 * conversation asks for.
 */
export function readReasoning(
  place: Place,
  turnEffort: string | undefined,
  extensions: Extensions,
): ReasoningRequest | undefined {
  const config = optionalObject(place, 'output_config')
  const effort = turnEffort ?? (config === undefined ? undefined : optionalString(config, 'effort'))
  const thinking = optionalObject(place, 'thinking')
  if (thinking === undefined) return effort === undefined ? undefined : { effort }
  keepOthers(thinking.value, { known: THINKING_FIELDS, prefix: 'thinking.', extensions })
  switch (thinking.value.type) {
    case 'adaptive':
      return { effort: effort ?? DEFAULT_EFFORT }
    case 'enabled':
      return {
        budgetTokens: requiredInteger(thinking, 'budget_tokens'),
        ...(effort === undefined ? {} : { effort }),
      }
    case 'disabled':
    case 'between_tools':
      // Elsewhere, effort is a measure of thinking and nothing else.
      if (effort !== undefined) extensions.set('output_config.effort', effort)
      return { effort: 'none' }
    default:
      throw invalid(
        pathOf(thinking, 'type'),
        '"adaptive", "enabled", "disabled" or "between_tools"',
        thinking.value.type,
      )
  }
}

const OUTPUT_FIELDS: ReadonlySet<string> = new Set(['effort', 'format'])
/** The schema of an answer has no name in this dialect, and must have one in others. */
const FORMAT_NAME = 'output'

/** `output_config.format`. The decoder of this dialect always holds a model to the schema. */
export function readResponseFormat(
  place: Place,
  extensions: Extensions,
): ResponseFormat | undefined {
  const config = optionalObject(place, 'output_config')
  if (config === undefined) return undefined
  keepOthers(config.value, { known: OUTPUT_FIELDS, prefix: 'output_config.', extensions })
  const format = optionalObject(config, 'format')
  if (format === undefined) return undefined
  if (format.value.type !== 'json_schema')
    throw invalid(pathOf(format, 'type'), '"json_schema"', format.value.type)
  return {
    type: 'json_schema',
    name: FORMAT_NAME,
    schema: requiredObject(format, 'schema').value,
    strict: true,
  }
}
