/** Fields that one model accepts. Other fields cause a 400, so they are dropped and reported. */
export interface ModelRules {
  /** `max_tokens` is required; this is sent when the client set no limit. */
  readonly defaultMaxTokens: number
  /** Largest `max_tokens` the model takes; infinite where it is not known. */
  readonly maxTokensLimit: number
  /** Largest `temperature`; infinite where it is not known. */
  readonly temperatureLimit: number
  /**
   * `temperature`, `top_p`, `top_k`: all, `temperature` or `top_p` but not both, or none of them.
   */
  readonly sampling: 'all' | 'either' | 'none'
  /**
   * How thinking is requested: not at all, with a token budget, or with `adaptive` and an effort.
   */
  readonly thinking: 'unsupported' | 'budget' | 'adaptive'
  /**
   * How thinking is turned off: by default (`omit`), explicitly (`disabled`), only reduced
   * (`between_tools`), or it always thinks (`never`).
   */
  readonly thinkingOff: 'omit' | 'disabled' | 'between_tools' | 'never'
  /** Words `output_config.effort` takes, from least to most. */
  readonly efforts: readonly string[]
  /** `output_config.format` with a JSON schema, and `strict` tools. */
  readonly structuredOutput: boolean
  /** `tool_choice` of type `any` and `tool`. */
  readonly forcedToolChoice: boolean
}

const early: ModelRules = {
  defaultMaxTokens: 4096,
  maxTokensLimit: 4096,
  temperatureLimit: 1,
  sampling: 'all',
  thinking: 'unsupported',
  thinkingOff: 'omit',
  efforts: [],
  structuredOutput: false,
  forcedToolChoice: true,
}
const version35: ModelRules = { ...early, defaultMaxTokens: 8192, maxTokensLimit: 8192 }
const version37: ModelRules = {
  ...early,
  defaultMaxTokens: 64_000,
  maxTokensLimit: 64_000,
  thinking: 'budget',
}
const version4: ModelRules = { ...version37, sampling: 'either' }
const opus4: ModelRules = { ...version4, defaultMaxTokens: 32_000, maxTokensLimit: 32_000 }
const version45: ModelRules = { ...version4, structuredOutput: true }
const version46: ModelRules = {
  ...version45,
  defaultMaxTokens: 128_000,
  maxTokensLimit: 128_000,
  thinking: 'adaptive',
  efforts: ['low', 'medium', 'high', 'max'],
}
const version47: ModelRules = {
  ...version46,
  sampling: 'none',
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
}
const version5: ModelRules = { ...version47, thinkingOff: 'disabled' }
const alwaysThinking: ModelRules = { ...version5, thinkingOff: 'never' }
const unforceable: ModelRules = { ...alwaysThinking, forcedToolChoice: false }

/**
 * Rules by family and the version they begin with, newest first; a later version keeps them until
 * told otherwise.
 */
const families: Readonly<
  Record<string, readonly { readonly from: number; readonly rules: ModelRules }[]>
> = {
  opus: [
    { from: 5.5, rules: unforceable },
    { from: 5, rules: version5 },
    { from: 4.7, rules: version47 },
    { from: 4.6, rules: version46 },
    { from: 4.5, rules: version45 },
    { from: 4.1, rules: { ...opus4, structuredOutput: true } },
    { from: 4, rules: opus4 },
    { from: 0, rules: early },
  ],
  sonnet: [
    { from: 5.5, rules: { ...unforceable, thinkingOff: 'between_tools' } },
    { from: 5, rules: version5 },
    { from: 4.6, rules: version46 },
    { from: 4.5, rules: version45 },
    { from: 4, rules: version4 },
    { from: 3.7, rules: version37 },
    { from: 3.5, rules: version35 },
    { from: 0, rules: early },
  ],
  haiku: [
    { from: 5.5, rules: version5 },
    { from: 4.5, rules: version45 },
    { from: 3.5, rules: version35 },
    { from: 0, rules: early },
  ],
  fable: [
    { from: 5.1, rules: unforceable },
    { from: 0, rules: alwaysThinking },
  ],
  mythos: [
    { from: 5.1, rules: unforceable },
    { from: 0, rules: alwaysThinking },
  ],
}

/** A model newer than this table: the newest rules, but no upper bound we would have to guess. */
const newer: ModelRules = {
  ...version5,
  defaultMaxTokens: 64_000,
  maxTokensLimit: Number.POSITIVE_INFINITY,
}

/** Another maker's model behind this wire format: nothing is assumed about it. */
const foreign: ModelRules = {
  defaultMaxTokens: 8192,
  maxTokensLimit: Number.POSITIVE_INFINITY,
  temperatureLimit: Number.POSITIVE_INFINITY,
  sampling: 'all',
  thinking: 'budget',
  thinkingOff: 'omit',
  efforts: [],
  structuredOutput: false,
  forcedToolChoice: true,
}

const FAMILY_FIRST = /claude-([a-z]+)(?:[-.@](\d)(?:[-.](\d))?)?(?!\d)/
const VERSION_FIRST = /claude-(\d)(?:[-.](\d))?-([a-z]+)/
const CLAUDE_1_OR_2 = /claude-(?:instant|v?[12](?!\d))/

/**
 * The rules of a model, whatever a cloud put before or after its id
 * (`us.anthropic.claude-...-v1:0`, `...@20250514`).
 */
export function findModelRules(model: string): ModelRules {
  const id = model.toLowerCase()
  if (!id.includes('claude-')) return foreign
  if (CLAUDE_1_OR_2.test(id)) return early
  const old = VERSION_FIRST.exec(id)
  if (old !== null) return rulesFrom(old[3] ?? '', versionOf(old[1], old[2]))
  const match = FAMILY_FIRST.exec(id)
  return rulesFrom(match?.[1] ?? '', versionOf(match?.[2], match?.[3]))
}

/**
 * Whether the model is one this dialect was made for; behind the wire format stand others too, with
 * rules of their own.
 */
export function isClaude(model: string): boolean {
  return findModelRules(model) !== foreign
}

/** A name without a version is an alias of the newest. */
function versionOf(major: string | undefined, minor: string | undefined): number {
  return major === undefined ? Number.POSITIVE_INFINITY : Number(`${major}.${minor ?? '0'}`)
}

function rulesFrom(family: string, version: number): ModelRules {
  const rows = Object.hasOwn(families, family) ? families[family] : undefined
  return rows?.find((row) => version >= row.from)?.rules ?? newer
}
