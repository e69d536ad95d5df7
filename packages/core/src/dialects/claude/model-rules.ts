/** A model of the Claude family, read from its id. */
export interface ClaudeModel {
  /** `opus`, `sonnet`, ...; `claude` for the models before there were families. */
  readonly family: string
  /** Infinite for a name without a version: an alias of the newest. */
  readonly version: number
}

/** Rules of a model that hold on every service that offers it. */
export interface ClaudeRules {
  /**
   * Sampling by temperature, top-p and top-k: all of them, temperature or top-p but not both, or
   * none of them.
   */
  readonly sampling: 'all' | 'either' | 'none'
  /** How thinking is requested: not at all, with a token budget, or adaptive with an effort. */
  readonly thinking: 'unsupported' | 'budget' | 'adaptive'
  /**
   * How thinking is turned off: by default (`omit`), explicitly (`disabled`), only reduced
   * (`between_tools`), or never.
   */
  readonly thinkingOff: 'omit' | 'disabled' | 'between_tools' | 'never'
  /** Efforts the model takes, from least to most. */
  readonly efforts: readonly string[]
  /** The model can be made to call a tool. */
  readonly forcedToolChoice: boolean
}

const early: ClaudeRules = {
  sampling: 'all',
  thinking: 'unsupported',
  thinkingOff: 'omit',
  efforts: [],
  forcedToolChoice: true,
}
const version37: ClaudeRules = { ...early, thinking: 'budget' }
const version4: ClaudeRules = { ...version37, sampling: 'either' }
const version46: ClaudeRules = {
  ...version4,
  thinking: 'adaptive',
  efforts: ['low', 'medium', 'high', 'max'],
}
const version47: ClaudeRules = {
  ...version46,
  sampling: 'none',
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
}
const version5: ClaudeRules = { ...version47, thinkingOff: 'disabled' }
const alwaysThinking: ClaudeRules = { ...version5, thinkingOff: 'never' }
const unforceable: ClaudeRules = { ...alwaysThinking, forcedToolChoice: false }

/** Values by the version they begin with, newest first; a later version keeps the last one. */
export type VersionTable<T> = readonly (readonly [from: number, value: T])[]

const families: Readonly<Record<string, VersionTable<ClaudeRules>>> = {
  claude: [[0, early]],
  opus: [
    [5.5, unforceable],
    [5, version5],
    [4.7, version47],
    [4.6, version46],
    [4, version4],
    [0, early],
  ],
  sonnet: [
    [5.5, { ...unforceable, thinkingOff: 'between_tools' }],
    [5, version5],
    [4.6, version46],
    [4, version4],
    [3.7, version37],
    [0, early],
  ],
  haiku: [
    [5.5, version5],
    [4.5, version4],
    [0, early],
  ],
  fable: [
    [5.1, unforceable],
    [0, alwaysThinking],
  ],
  mythos: [
    [5.1, unforceable],
    [0, alwaysThinking],
  ],
}

/** The rules of a model; a family that is newer than this table has the newest ones. */
export function findClaudeRules(model: ClaudeModel): ClaudeRules {
  return findByVersion(families, model) ?? version5
}

/** The entry of a model in a table of families; `undefined` for a family it does not have. */
export function findByVersion<T>(
  table: Readonly<Record<string, VersionTable<T>>>,
  { family, version }: ClaudeModel,
): T | undefined {
  const rows = Object.hasOwn(table, family) ? table[family] : undefined
  return rows?.find(([from]) => version >= from)?.[1]
}

const FAMILY_FIRST = /claude-([a-z]+)(?:[-.@](\d)(?:[-.](\d))?)?(?!\d)/
const VERSION_FIRST = /claude-(\d)(?:[-.](\d))?-([a-z]+)/
const CLAUDE_1_OR_2 = /claude-(?:instant|v?[12](?!\d))/

/**
 * Reads the id of a model, whatever a cloud put before or after it
 * (`us.anthropic.claude-...-v1:0`, `...@20250514`). `undefined` for models of other makers.
 */
export function parseClaudeModel(model: string): ClaudeModel | undefined {
  const id = model.toLowerCase()
  if (!id.includes('claude-')) return undefined
  if (CLAUDE_1_OR_2.test(id)) return { family: 'claude', version: 2 }
  const old = VERSION_FIRST.exec(id)
  if (old !== null) return { family: old[3] ?? '', version: versionOf(old[1], old[2]) }
  const match = FAMILY_FIRST.exec(id)
  return { family: match?.[1] ?? '', version: versionOf(match?.[2], match?.[3]) }
}

/**
 * Whether the model is one of this maker; behind its wire formats stand others too, with rules of
 * their own.
 */
export function isClaude(model: string): boolean {
  return parseClaudeModel(model) !== undefined
}

function versionOf(major: string | undefined, minor: string | undefined): number {
  return major === undefined ? Number.POSITIVE_INFINITY : Number(`${major}.${minor ?? '0'}`)
}
