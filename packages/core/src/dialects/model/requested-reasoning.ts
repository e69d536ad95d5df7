import type { JsonObject } from './json-object.ts'
import { asObject } from '../wire/json.ts'

/**
 * `on`: the request asks for reasoning, `off`: for none, `concealed`: that none of it is shown.
 * `undefined` where it says nothing.
 */
export type RequestedReasoning = 'on' | 'off' | 'concealed' | undefined

/** Reasoning requested, in any dialect and in the spellings of compatible services. */
export function requestedReasoning(body: JsonObject): RequestedReasoning {
  const reasoning = asObject(body['reasoning']) ?? {}
  const thinking = asObject(body['thinking']) ?? {}
  const config = asObject(body['generationConfig'] ?? body['generation_config']) ?? {}
  const own = asObject(config['thinkingConfig'] ?? config['thinking_config']) ?? {}
  const template = asObject(body['chat_template_kwargs']) ?? {}
  const isConcealed =
    reasoning['exclude'] === true ||
    body['include_reasoning'] === false ||
    body['reasoning_format'] === 'hidden' ||
    thinking['display'] === 'omitted'
  if (isConcealed) return 'concealed'
  const said = [
    body['reasoning_effort'],
    reasoning['effort'],
    reasoning['max_tokens'],
    reasoning['enabled'],
    thinking['type'],
    own['thinkingBudget'] ?? own['thinking_budget'],
    own['thinkingLevel'] ?? own['thinking_level'],
    body['enable_thinking'],
    template['enable_thinking'],
    template['thinking'],
  ].filter((value) => value !== undefined && value !== null)
  if (said.length === 0) return undefined
  return said.every((value) => OFF.has(value)) ? 'off' : 'on'
}

const OFF: ReadonlySet<unknown> = new Set(['none', 'disabled', 0, false])
