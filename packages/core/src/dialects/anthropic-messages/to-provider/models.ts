import {
  type ClaudeModel,
  type ClaudeRules,
  findByVersion,
  findClaudeRules,
  parseClaudeModel,
  type VersionTable,
} from '../../claude/model-rules.ts'

/** Fields that one model accepts. Other fields cause a 400, so they are dropped and reported. */
export interface ModelRules extends ClaudeRules {
  /** `max_tokens` is required; this is sent when the client set no limit. */
  readonly defaultMaxTokens: number
  /** Largest `max_tokens` the model takes; infinite where it is not known. */
  readonly maxTokensLimit: number
  /** Largest `temperature`; infinite where it is not known. */
  readonly temperatureLimit: number
  /** `output_config.format` with a JSON schema, and `strict` tools. */
  readonly structuredOutput: boolean
}

/** Largest `max_tokens` by family and version. */
const outputLimits: Readonly<Record<string, VersionTable<number>>> = {
  claude: [[0, 4096]],
  opus: [
    [4.6, 128_000],
    [4.5, 64_000],
    [4, 32_000],
    [0, 4096],
  ],
  sonnet: [
    [4.6, 128_000],
    [3.7, 64_000],
    [3.5, 8192],
    [0, 4096],
  ],
  haiku: [
    [5.5, 128_000],
    [4.5, 64_000],
    [3.5, 8192],
    [0, 4096],
  ],
  fable: [[0, 128_000]],
  mythos: [[0, 128_000]],
}

/** First version of a family with structured output; families that are absent always have it. */
const structuredSince: Readonly<Record<string, number>> = {
  claude: Number.POSITIVE_INFINITY,
  opus: 4.1,
  sonnet: 4.5,
  haiku: 4.5,
}

/** `max_tokens` of a model whose limit is not known, where the client set none. */
const DEFAULT_OF_NEWER = 64_000

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

/** The rules of a model by its id. */
export function findModelRules(model: string): ModelRules {
  const claude = parseClaudeModel(model)
  return claude === undefined ? foreign : claudeRules(claude)
}

/**
 * A model newer than the table of limits has no upper bound: a guess could refuse what it takes.
 */
function claudeRules(model: ClaudeModel): ModelRules {
  const limit = findByVersion(outputLimits, model)
  return {
    ...findClaudeRules(model),
    defaultMaxTokens: limit ?? DEFAULT_OF_NEWER,
    maxTokensLimit: limit ?? Number.POSITIVE_INFINITY,
    temperatureLimit: 1,
    structuredOutput: model.version >= structuredFrom(model.family),
  }
}

function structuredFrom(family: string): number {
  return (Object.hasOwn(structuredSince, family) ? structuredSince[family] : undefined) ?? 0
}
