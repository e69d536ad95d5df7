import {
  type ClaudeModel,
  type ClaudeRules,
  findClaudeRules,
  parseClaudeModel,
} from '../../claude/model-rules.ts'

/** How a request asks a model to think, and in which of the model's own fields. */
export type Thinking =
  /** The model has no setting for it: it does not think, or the setting is not known. */
  | { readonly kind: 'none' }
  /** It always thinks. */
  | { readonly kind: 'always' }
  /** `thinking` with a token budget. */
  | { readonly kind: 'budget' }
  /**
   * `thinking` that the model measures out itself, and `outputConfig.effort`, from least to most.
   */
  | ({ readonly kind: 'adaptive' } & Pick<ClaudeRules, 'efforts' | 'thinkingOff'>)
  /** `reasoningConfig` with an effort. The highest one takes neither limits nor sampling. */
  | { readonly kind: 'config'; readonly efforts: readonly string[] }
  /** An effort, in the field at this path. */
  | {
      readonly kind: 'effort'
      readonly path: readonly string[]
      readonly efforts: readonly string[]
    }

/** Fields that one model accepts. Other fields cause a 400, so they are dropped and reported. */
export interface ModelRules {
  readonly thinking: Thinking
  /**
   * `temperature`, `topP` and top_k: all, `temperature` or `topP` but not both, or none of them.
   */
  readonly sampling: ClaudeRules['sampling']
  /** Path of top_k in the model's own fields; absent where it has none. */
  readonly topKPath: readonly string[] | undefined
  /** Kinds of `toolChoice` in addition to `auto`. */
  readonly toolChoices: readonly ('any' | 'tool')[]
  /** Takes the tool choice in its own fields, where parallel calls can be turned off. */
  readonly ownToolChoice: boolean
  /** `outputConfig.textFormat` with a JSON schema, and `strict` tools. */
  readonly structuredOutput: boolean
  /** Where `cachePoint` may stand. */
  readonly cachePoints: 'anywhere' | 'outside tools' | 'nowhere'
  /** Lifetimes of cached prompts; the first one is the default. */
  readonly cacheLifetimes: readonly string[]
  readonly hears: boolean
  /** Tool ids are nine letters and digits. */
  readonly shortToolIds: boolean
  /** Tells in its own fields which stop sequence ended the answer. */
  readonly namesStopSequence: boolean
}

const plain: ModelRules = {
  thinking: { kind: 'none' },
  sampling: 'all',
  topKPath: undefined,
  toolChoices: [],
  ownToolChoice: false,
  structuredOutput: false,
  cachePoints: 'nowhere',
  cacheLifetimes: ['5m'],
  hears: false,
  shortToolIds: false,
  namesStopSequence: false,
}

/**
 * Ids that do not name their model (application inference profiles, imported models): the request
 * is sent as the client wrote it.
 */
const unknown: ModelRules = {
  ...plain,
  toolChoices: ['any', 'tool'],
  cachePoints: 'anywhere',
  cacheLifetimes: ['5m', '1h'],
  hears: true,
}

const nova: ModelRules = {
  ...plain,
  topKPath: ['inferenceConfig', 'topK'],
  toolChoices: ['any', 'tool'],
  cachePoints: 'outside tools',
}
const levels = ['low', 'medium', 'high']

interface ModelRow {
  readonly pattern: RegExp
  readonly rules: ModelRules
}

/**
 * Makers' prefixes stand at the beginning, after a region (`us.`) or in an ARN. First match wins.
 */
const rows: readonly ModelRow[] = [
  {
    pattern: /nova-2.*(omni|sonic)/,
    rules: { ...nova, thinking: { kind: 'config', efforts: levels }, hears: true },
  },
  { pattern: /nova-2/, rules: { ...nova, thinking: { kind: 'config', efforts: levels } } },
  { pattern: /(^|[./])amazon\.nova/, rules: nova },
  {
    pattern: /(^|[./])openai\.gpt-oss/,
    rules: {
      ...plain,
      thinking: { kind: 'effort', path: ['reasoning_effort'], efforts: levels },
      structuredOutput: true,
    },
  },
  {
    pattern: /(^|[./])openai\./,
    rules: {
      ...plain,
      thinking: {
        kind: 'effort',
        path: ['reasoning', 'effort'],
        efforts: ['none', 'minimal', ...levels, 'xhigh', 'max'],
      },
      toolChoices: ['any', 'tool'],
      structuredOutput: true,
    },
  },
  {
    pattern: /(^|[./])mistral\.voxtral/,
    rules: {
      ...plain,
      topKPath: ['top_k'],
      toolChoices: ['any'],
      structuredOutput: true,
      hears: true,
      shortToolIds: true,
    },
  },
  {
    pattern: /(^|[./])mistral\.(ministral|magistral|devstral|mistral-large-3)/,
    rules: {
      ...plain,
      topKPath: ['top_k'],
      toolChoices: ['any'],
      structuredOutput: true,
      shortToolIds: true,
    },
  },
  {
    pattern: /(^|[./])mistral\./,
    rules: { ...plain, topKPath: ['top_k'], toolChoices: ['any'], shortToolIds: true },
  },
  { pattern: /(^|[./])deepseek\.r1/, rules: { ...plain, thinking: { kind: 'always' } } },
  {
    pattern: /(^|[./])(deepseek|qwen|google|minimax|moonshot|moonshotai|nvidia|zai)\./,
    rules: { ...plain, structuredOutput: true },
  },
  { pattern: /(^|[./])cohere\./, rules: { ...plain, topKPath: ['k'] } },
  { pattern: /(^|[./])(meta|ai21|amazon|writer|twelvelabs|luma|stability)\./, rules: plain },
]

/**
 * The rules of a model by its id, whatever region stands before it, or by an ARN that ends with
 * one.
 */
export function findModelRules(model: string): ModelRules {
  const claude = parseClaudeModel(model)
  if (claude !== undefined) return claudeRules(claude)
  const id = model.toLowerCase()
  return rows.find((row) => row.pattern.test(id))?.rules ?? unknown
}

/** First versions with a feature of this service. */
const TOOLS_SINCE = 3
const CACHE_SINCE = 3.5
const LONG_CACHE_SINCE = 4.5

function claudeRules(model: ClaudeModel): ModelRules {
  const rules = findClaudeRules(model)
  const { version } = model
  const hasTools = version >= TOOLS_SINCE
  return {
    ...plain,
    thinking: thinkingOf(rules),
    sampling: rules.sampling,
    topKPath: ['top_k'],
    toolChoices: hasTools && rules.forcedToolChoice ? ['any', 'tool'] : [],
    ownToolChoice: hasTools,
    structuredOutput: hasStructuredOutput(model),
    cachePoints: version >= CACHE_SINCE ? 'anywhere' : 'nowhere',
    cacheLifetimes: version >= LONG_CACHE_SINCE ? ['5m', '1h'] : plain.cacheLifetimes,
    namesStopSequence: true,
  }
}

function thinkingOf({ thinking, thinkingOff, efforts }: ClaudeRules): Thinking {
  switch (thinking) {
    case 'unsupported':
      return { kind: 'none' }
    case 'budget':
      return { kind: 'budget' }
    case 'adaptive':
      return { kind: 'adaptive', thinkingOff, efforts }
  }
}

/** Later versions refuse here the structured output that their maker's own service has. */
function hasStructuredOutput({ family, version }: ClaudeModel): boolean {
  return version >= 4.5 && version < (family === 'opus' ? 4.7 : 4.6)
}
