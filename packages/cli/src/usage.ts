/** Options that take a value, with what stands for it. */
export const OPTIONS = {
  team: ['T', 'team that the use is counted for'],
  tenant: ['T', 'tenant'],
  user: ['U', 'user'],
  feature: ['F', 'feature of your application'],
  tag: ['X', 'any other tag'],
  key: ['NAME', 'key, by its name'],
  route: ['R', 'route of the configuration; may be repeated'],
  model: ['provider/model', 'model, or provider/*; may be repeated'],
  provider: ['NAME', 'provider'],
  session: ['ID', 'run of an agent'],
  endpoint: ['/v1/embeddings', 'path the key may call; may be repeated'],
  budget: ['50/month', 'limit in dollars; may be repeated'],
  limit: [
    'tokens=90000/minute',
    'limit of requests, tokens, input-tokens, output-tokens or concurrency; may be repeated',
  ],
  expires: ['90d', 'the key ends after this time'],
  grace: ['1h', 'time for which the old key still works; 0 for none (default 1h)'],
  scope: [
    'team',
    'counted apart for each key (default), team, tenant, user, feature, ... or `all` together; may be repeated',
  ],
  mode: ['soft', 'hard refuses (default), soft records'],
  'time-zone': ['Europe/Berlin', 'where days, weeks and months begin (default UTC)'],
  port: ['8787', 'port to listen on'],
  host: ['127.0.0.1', 'address to listen on'],
  config: ['FILE', 'YAML or JSON file with options'],
  url: ['http://127.0.0.1:8787', 'the gateway with its mount (or POSTERN_URL)'],
} as const

/** Options that are there or not. */
export const FLAGS = {
  'may-report': 'calls that went around the gateway may be reported with the key',
  json: 'machine-readable output',
} as const

type OptionName = keyof typeof OPTIONS | keyof typeof FLAGS

export interface CommandHelp {
  readonly args?: string
  readonly about: string
  readonly options?: readonly OptionName[]
  /** It asks a running gateway. @default true */
  readonly isRemote?: boolean
  readonly example: string
}

const SUBJECT = [
  'key',
  'tenant',
  'team',
  'user',
  'feature',
  'tag',
  'route',
  'model',
  'provider',
  'session',
] as const

/** Every command, with each option it takes. */
export const COMMANDS: Readonly<Record<string, CommandHelp>> = {
  'keys create': {
    args: '[NAME]',
    about:
      'makes a key and shows it once; without a name it is named after its team, tenant, user, feature or tag',
    options: [
      'team',
      'tenant',
      'user',
      'feature',
      'tag',
      'route',
      'model',
      'endpoint',
      'budget',
      'limit',
      'expires',
      'may-report',
    ],
    example:
      'keys create support --team support --budget 50/month --limit tokens=90000/minute --expires 90d',
  },
  'keys list': {
    about: 'every key, its status and its own limits; those of the configuration too',
    example: 'keys list --json',
  },
  'keys rotate': {
    args: 'NAME|ID',
    about: 'makes another key for the same caller; the old one works for the grace',
    options: ['grace'],
    example: 'keys rotate support --grace 1h',
  },
  'keys revoke': {
    args: 'NAME|ID',
    about: 'refuses the key from now on',
    example: 'keys revoke support',
  },
  'keys kill': {
    args: 'NAME|ID',
    about: 'revokes every key of that name and ends the requests under way with them',
    example: 'keys kill support',
  },
  'keys remove': {
    args: 'NAME|ID',
    about: 'takes revoked and expired keys off the list',
    example: 'keys remove support',
  },
  'keys usage': {
    args: 'NAME|ID',
    about: 'what is used of the limits of a key',
    example: 'keys usage support',
  },
  'keys reset': {
    args: 'NAME|ID',
    about: 'resets the counters of the limits of a key',
    example: 'keys reset support',
  },
  'limits list': {
    about: 'every limit: those of the configuration and those made while the gateway runs',
    example: 'limits list',
  },
  'limits create': {
    about: 'makes one limit: --budget or --limit, and which callers it is for',
    options: ['budget', 'limit', 'scope', ...SUBJECT, 'mode', 'time-zone'],
    example:
      'limits create --budget 500/month --scope team --team support --time-zone Europe/Berlin',
  },
  'limits remove': {
    args: 'ID',
    about: 'removes a limit that was made while the gateway runs',
    example: 'limits remove limit_0123',
  },
  'targets disable': {
    args: 'provider/model|provider/*',
    about: 'switches a target off on every instance',
    example: 'targets disable openai/gpt-5',
  },
  'targets enable': {
    args: 'provider/model|provider/*',
    about: 'switches a target on again',
    example: 'targets enable openai/gpt-5',
  },
  'targets disabled': { about: 'targets that are switched off', example: 'targets disabled' },
  usage: {
    about:
      'what every key in force has used of its limits; with a subject, what is counted by that alone',
    options: [...SUBJECT],
    example: 'usage --team support',
  },
  reset: {
    about: 'resets what is counted by a subject',
    options: [...SUBJECT],
    example: 'reset --team support',
  },
  budgets: { about: 'as usage, limits in dollars only', example: 'budgets --json' },
  'config check': {
    args: '[FILE]',
    about: 'reads environment and file as a gateway would and lists every problem',
    options: ['config'],
    isRemote: false,
    example: 'config check postern.yaml',
  },
  'config explain': {
    args: '[FILE]',
    about: 'every option in force and the place that set it',
    options: ['config'],
    isRemote: false,
    example: 'config explain postern.yaml',
  },
  serve: {
    about:
      'the gateway as a server of its own, until SIGINT or SIGTERM; then requests under way get 30 s',
    options: ['port', 'host', 'config'],
    isRemote: false,
    example: 'serve --port 8787 --config postern.yaml',
  },
}

const REMOTE = `A running gateway is found by --url (or POSTERN_URL, default http://127.0.0.1:8787; with its mount, http://127.0.0.1:3000/llm)
and asked with its admin token, POSTERN_ADMIN_TOKEN.`

const CODES =
  'Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the gateway cannot be reached.'

/** Every option of a command, those of all commands included. */
export function optionsOf({ options = [], isRemote = true }: CommandHelp): readonly OptionName[] {
  return [...options, ...(isRemote ? (['url'] as const) : []), 'json']
}

/**
 * `postern help`, `postern help keys`, `postern help keys create`.
 * @param words a command, the beginning of some, or nothing @returns `undefined` where there is no
 *   such command
 */
export function helpOf(words: readonly string[]): string | undefined {
  const wanted = words.join(' ')
  const own = Object.hasOwn(COMMANDS, wanted) ? COMMANDS[wanted] : undefined
  if (own !== undefined) return helpOfCommand(wanted, own)
  const names = Object.keys(COMMANDS).filter(
    (name) => wanted === '' || name.startsWith(`${wanted} `),
  )
  if (names.length === 0) return undefined
  const usages = names.map((name) => [usageOf(name), COMMANDS[name]?.about ?? ''] as const)
  // few: one for each command.
  const width = Math.max(...usages.map(([usage]) => usage.length))
  const lines = usages.map(([usage, about]) => `  ${usage.padEnd(width)}  ${about}`)
  const title =
    wanted === '' ? 'postern: keys, budgets and configuration of a Postern LLM gateway\n\n' : ''
  return `${title}${lines.join('\n')}\n\n  postern help COMMAND, postern COMMAND --help: its options and an example\n  postern --version\n\n${REMOTE}\n${CODES}\n`
}

/** `postern keys rotate NAME|ID [--grace 1h]` */
function usageOf(name: string): string {
  const { args, options = [] } = COMMANDS[name] as CommandHelp
  const shown =
    options.length === 1 && options[0] !== undefined
      ? [`[${spelled(options[0])}]`]
      : options.length > 1
        ? ['[OPTIONS]']
        : []
  return ['postern', name, ...(args === undefined ? [] : [args]), ...shown].join(' ')
}

function spelled(option: OptionName): string {
  return option in OPTIONS
    ? `--${option} ${OPTIONS[option as keyof typeof OPTIONS][0]}`
    : `--${option}`
}

function helpOfCommand(name: string, help: CommandHelp): string {
  const rows = optionsOf(help).map(
    (option) =>
      [
        spelled(option),
        option in OPTIONS
          ? OPTIONS[option as keyof typeof OPTIONS][1]
          : FLAGS[option as keyof typeof FLAGS],
      ] as const,
  )
  // few: one for each option.
  const width = Math.max(...rows.map(([option]) => option.length))
  return `${usageOf(name)}\n\n${help.about}\n\n${rows.map(([option, about]) => `  ${option.padEnd(width)}  ${about}`).join('\n')}\n\nExample: postern ${help.example}\n\n${help.isRemote === false ? '' : `${REMOTE}\n`}${CODES}\n`
}
