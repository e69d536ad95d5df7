/** On a scale of efforts, least first: the one OpenAI uses. */
export const EFFORTS: readonly string[] = [
  'none',
  'minimal',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
]

/** Fields that the provider refuses for a model, derived from its name. */
export interface ModelRules {
  /** It thinks before it answers; `undefined` for a model we do not know. */
  readonly reasons: boolean | undefined
  /** When it takes `temperature`, `top_p` and log probabilities. */
  readonly sampling: 'always' | 'without-reasoning' | 'never'
  /** Default effort. */
  readonly reasonsUnasked: boolean
  /** Least effort it accepts. */
  readonly lowestEffort: string
}

const unknown: ModelRules = {
  reasons: undefined,
  sampling: 'always',
  reasonsUnasked: false,
  lowestEffort: 'none',
}
const reasoner: ModelRules = {
  reasons: true,
  sampling: 'never',
  reasonsUnasked: true,
  lowestEffort: 'low',
}

/**
 * The first row that fits counts. Anything the rows do not forbid is sent, and the provider says
 * what it thinks of it.
 */
const rows: readonly (readonly [RegExp, ModelRules])[] = [
  [/^(?:gpt-3|gpt-4|chatgpt-|gpt-5-chat)/, { ...unknown, reasons: false }],
  [/^gpt-5-pro/, { ...reasoner, lowestEffort: 'high' }],
  [/^gpt-5[\d.]*-pro/, { ...reasoner, lowestEffort: 'medium' }],
  [/^(?:o\d|codex-|gpt-5[\d.]*-codex)/, reasoner],
  [/^gpt-5(?![\d.])/, { ...reasoner, lowestEffort: 'minimal' }],
  [
    /^gpt-5\.[1-4](?!\d)/,
    { ...reasoner, sampling: 'without-reasoning', reasonsUnasked: false, lowestEffort: 'none' },
  ],
  [/^gpt-[5-9]/, { ...reasoner, sampling: 'without-reasoning', lowestEffort: 'none' }],
  [/^(?:gpt-oss|grok-[4-9]|grok-code)/, { ...reasoner, sampling: 'always', lowestEffort: 'none' }],
]

/** The rules of a model, by its id with or without its maker before it. */
export function findModelRules(model: string): ModelRules {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  return rows.find(([pattern]) => pattern.test(name))?.[1] ?? unknown
}
