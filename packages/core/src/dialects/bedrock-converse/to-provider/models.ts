/** How a model is asked to think, and in which of the model's own fields. */
export type Thinking =
  /** It takes no word on it: it does not think, or the way to ask is not known. */
  | { readonly kind: 'none' }
  /** It always thinks. */
  | { readonly kind: 'always' }
  /** `thinking` with a token budget. */
  | { readonly kind: 'budget' }
  /**
   * `thinking` that the model measures out itself, and `outputConfig.effort`, from least to most.
   */
  | { readonly kind: 'adaptive'; readonly efforts: readonly string[]; readonly off: ThinkingOff }
  /** `reasoningConfig` with an effort. The highest one takes neither limits nor sampling. */
  | { readonly kind: 'config'; readonly efforts: readonly string[] }
  /** An effort, in the field at this path. */
  | {
      readonly kind: 'effort'
      readonly path: readonly string[]
      readonly efforts: readonly string[]
    }

/**
 * How thinking is turned off: by default, explicitly, only reduced, or not at all.
 */
export type ThinkingOff = 'omit' | 'disabled' | 'between_tools' | 'never'

/** Fields that one model accepts. Other fields cause a 400, so they are dropped and reported. */
export interface ModelRules {
  readonly thinking: Thinking
  /**
   * `temperature`, `topP` and top_k: all, `temperature` or `topP` but not both, or none of them.
   */
  readonly sampling: 'all' | 'either' | 'none'
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
 * Ids that do not say which model they lead to (application inference profiles, imported models):
 * the client's word is taken.
 */
const unknown: ModelRules = {
  ...plain,
  toolChoices: ['any', 'tool'],
  cachePoints: 'anywhere',
  cacheLifetimes: ['5m', '1h'],
  hears: true,
}

const claude2: ModelRules = { ...plain, topKPath: ['top_k'], namesStopSequence: true }
const claude3: ModelRules = { ...claude2, toolChoices: ['any', 'tool'], ownToolChoice: true }
const claude35: ModelRules = { ...claude3, cachePoints: 'anywhere' }
const claude37: ModelRules = { ...claude35, thinking: { kind: 'budget' } }
const claude4: ModelRules = { ...claude37, sampling: 'either' }
const claude45: ModelRules = { ...claude4, structuredOutput: true, cacheLifetimes: ['5m', '1h'] }
/** Later ones refuse the structured output that their makers' own service has. */
const claude46: ModelRules = {
  ...claude45,
  structuredOutput: false,
  thinking: adaptive(['low', 'medium', 'high', 'max'], 'omit'),
}
const claude47: ModelRules = { ...claude46, sampling: 'none', thinking: adaptiveTo5('omit') }
const claude5: ModelRules = { ...claude47, thinking: adaptiveTo5('disabled') }
const alwaysThinking: ModelRules = { ...claude5, thinking: adaptiveTo5('never') }
const unforceable: ModelRules = { ...alwaysThinking, toolChoices: [] }

function adaptive(efforts: readonly string[], off: ThinkingOff): Thinking {
  return { kind: 'adaptive', efforts, off }
}

function adaptiveTo5(off: ThinkingOff): Thinking {
  return adaptive(['low', 'medium', 'high', 'xhigh', 'max'], off)
}

interface ClaudeRow {
  /** Absent: every one. */
  readonly families?: readonly string[]
  readonly from: number
  readonly rules: ModelRules
}

/** First match wins; a later version keeps the rules of the one before until told otherwise. */
const claudeRows: readonly ClaudeRow[] = [
  { families: ['opus'], from: 5.5, rules: unforceable },
  {
    families: ['sonnet'],
    from: 5.5,
    rules: { ...unforceable, thinking: adaptiveTo5('between_tools') },
  },
  { families: ['fable', 'mythos'], from: 5.1, rules: unforceable },
  { families: ['fable', 'mythos'], from: 0, rules: alwaysThinking },
  { from: 5, rules: claude5 },
  { from: 4.7, rules: claude47 },
  { families: ['opus'], from: 4.6, rules: { ...claude46, structuredOutput: true } },
  { from: 4.6, rules: claude46 },
  { from: 4.5, rules: claude45 },
  { from: 4, rules: claude4 },
  { from: 3.7, rules: claude37 },
  { from: 3.5, rules: claude35 },
  { from: 3, rules: claude3 },
  { from: 0, rules: claude2 },
]

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

const FAMILY_FIRST = /claude-([a-z]+)(?:-(\d)(?:[-.](\d))?)?(?!\d)/
const VERSION_FIRST = /claude-(\d)(?:[-.](\d))?-([a-z]+)/
const CLAUDE_1_OR_2 = /claude-(?:instant|v?[12](?!\d))/

/**
 * The rules of a model by its id, whatever region stands before it, or by an ARN that ends with
 * one.
 */
export function findModelRules(model: string): ModelRules {
  const id = model.toLowerCase()
  if (id.includes('claude-')) return claudeRules(id)
  return rows.find((row) => row.pattern.test(id))?.rules ?? unknown
}

function claudeRules(id: string): ModelRules {
  if (CLAUDE_1_OR_2.test(id)) return claude2
  const old = VERSION_FIRST.exec(id)
  const match = FAMILY_FIRST.exec(id)
  const family = old?.[3] ?? match?.[1] ?? ''
  const version = old === null ? versionOf(match?.[2], match?.[3]) : versionOf(old[1], old[2])
  return (
    claudeRows.find((row) => version >= row.from && (row.families?.includes(family) ?? true))
      ?.rules ?? claude2
  )
}

/** A name without a version is an alias of the newest. */
function versionOf(major: string | undefined, minor: string | undefined): number {
  return major === undefined ? Number.POSITIVE_INFINITY : Number(`${major}.${minor ?? '0'}`)
}
