import '@postern/core/supported-runtime'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { type Clock, ConfigurationError, createGateway, explainConfiguration } from '@postern/core'
import { AdminClient } from './admin-client.ts'
import { keyCommands, usageOfAll } from './keys.ts'
import { limitCommands, namesSubject, targetCommands, usageOf } from './rules.ts'
import type { Commands, Options, Output } from './output.ts'
import { serve } from './serve.ts'
import { table } from './table.ts'
import { COMMANDS, FLAGS, helpOf, OPTIONS, optionsOf } from './usage.ts'
import { RequestError, UsageError } from './usage-error.ts'

/** The world of a command line, so that tests can be it. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly fetch: typeof fetch
  out(text: string): void
  err(text: string): void
  /** @default the system's */
  readonly clock?: Clock
  /** Resolves when the process is asked to end. */
  untilStopped(): Promise<void>
}

const GROUPS: Readonly<Record<string, Commands | undefined>> = {
  keys: keyCommands,
  limits: limitCommands,
  targets: targetCommands,
}

/**
 * Runs one command. @returns the exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 no
 * gateway answers
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await run(args, terminal)
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.err(`${error.message}\n`)
      return 2
    }
    if (error instanceof RequestError) {
      terminal.err(`${error.message}\n`)
      return error.exitCode
    }
    terminal.err(`${error instanceof ConfigurationError ? error.message : String(error)}\n`)
    return 1
  }
}

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { words, options, isJson, wantsHelp, wantsVersion } = read(args)
  const [group, command = '', ...names] = words
  if (wantsVersion) {
    terminal.out(
      `${(createRequire(import.meta.url)('../package.json') as { version: string }).version}\n`,
    )
    return 0
  }
  if (group === undefined || group === 'help' || wantsHelp) {
    terminal.out(helpFor(group === 'help' ? words.slice(1) : words))
    return 0
  }
  refuseStrange(words, options)
  const say = ({ text, json }: Output): number => {
    terminal.out(isJson ? `${JSON.stringify(json, undefined, 2)}\n` : `${text}\n`)
    return 0
  }
  const commands = Object.hasOwn(GROUPS, group) ? GROUPS[group] : undefined
  if (commands !== undefined) {
    const act = Object.hasOwn(commands, command) ? commands[command] : undefined
    if (act === undefined)
      throw new UsageError(
        `postern ${group} takes ${Object.keys(commands).join(', ')}. See: postern help ${group}`,
      )
    return say(await act(clientFor(options, terminal), names, options))
  }
  if (command === '' && (group === 'reset' || (group === 'usage' && namesSubject(options))))
    return say(await usageOf(clientFor(options, terminal), options, { isReset: group === 'reset' }))
  if ((group === 'usage' || group === 'budgets') && command === '')
    return say(
      await usageOfAll(clientFor(options, terminal), {
        onlyMoney: group === 'budgets',
        tell: (text) => terminal.err(text),
      }),
    )
  if (group === 'config' && command === 'check')
    return say(await check(names[0] ?? options['config']?.[0], terminal))
  if (group === 'config' && command === 'explain')
    return say(explain(names[0] ?? options['config']?.[0], terminal))
  if (group === 'serve') return await serveUntilStopped(options, terminal)
  throw new UsageError(`There is no command ${JSON.stringify(words.join(' '))}. See: postern help`)
}

function clientFor(options: Options, { environment, fetch: send }: Terminal): AdminClient {
  return new AdminClient({
    url: options['url']?.[0] ?? environment['POSTERN_URL'] ?? 'http://127.0.0.1:8787',
    token: environment['POSTERN_ADMIN_TOKEN'],
    fetch: send,
  })
}

interface Given {
  readonly words: string[]
  readonly options: Options
  readonly isJson: boolean
  readonly wantsHelp: boolean
  readonly wantsVersion: boolean
}

function read(args: readonly string[]): Given {
  const withValue = Object.fromEntries(
    Object.keys(OPTIONS).map((name) => [name, { type: 'string' as const, multiple: true }]),
  )
  const flags = Object.fromEntries(
    Object.keys(FLAGS).map((name) => [name, { type: 'boolean' as const }]),
  )
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...withValue,
        ...flags,
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    })
    const {
      json,
      help,
      version,
      'may-report': mayReport,
      ...options
    } = values as Record<string, unknown>
    return {
      words: positionals,
      options: { ...(options as Options), ...(mayReport === true && { 'may-report': ['true'] }) },
      isJson: json === true,
      wantsHelp: help === true,
      wantsVersion: version === true,
    }
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See: postern help`)
  }
}

/** The help of a command; arguments behind its name (`keys rotate web --help`) change nothing. */
function helpFor(words: readonly string[]): string {
  for (let length = Math.min(words.length, 2); length >= 0; length--) {
    const help = length === 0 && words.length > 0 ? undefined : helpOf(words.slice(0, length))
    if (help !== undefined) return help
  }
  throw new UsageError(`There is no command ${JSON.stringify(words.join(' '))}. See: postern help`)
}

/** An option of another command would do nothing here. */
function refuseStrange([group = '', command = '']: readonly string[], options: Options): void {
  const name = Object.hasOwn(COMMANDS, `${group} ${command}`) ? `${group} ${command}` : group
  const help = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (help === undefined) return
  const known: readonly string[] = optionsOf(help)
  const strange = Object.keys(options).find((option) => !known.includes(option))
  if (strange !== undefined)
    throw new UsageError(`postern ${name} takes no --${strange}. See: postern help ${name}`)
}

/** Resolves the configuration as a gateway would, without starting a server. */
async function check(file: string | undefined, { environment }: Terminal): Promise<Output> {
  const gateway = createGateway(
    { ...(file !== undefined && { config: file }), log: 'silent' },
    { environment },
  )
  const { providers, routes } = gateway.health()
  await gateway.close({ graceMs: 0 })
  return {
    text: `The configuration is valid.\nproviders: ${providers.join(', ')}\nroutes: ${routes.join(', ') || 'none'}`,
    json: { valid: true, providers, routes },
  }
}

/** Options in force, and the source of each. */
function explain(file: string | undefined, { environment }: Terminal): Output {
  const explained = explainConfiguration(
    { ...(file !== undefined && { config: file }) },
    environment,
  )
  return {
    text: table(
      ['OPTION', 'VALUE', 'SAID BY'],
      explained.map(({ option, value, from }) => [option, value, from]),
    ),
    json: explained,
  }
}

async function serveUntilStopped(options: Options, terminal: Terminal): Promise<number> {
  const port = Number(options['port']?.[0] ?? 8787)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`${options['port']?.[0]} is no port.`)
  const server = await serve({
    port,
    host: options['host']?.[0] ?? '127.0.0.1',
    config: options['config']?.[0],
    environment: terminal.environment,
    clock: terminal.clock,
  })
  terminal.out(
    `Postern listens on ${server.url}: ${server.url}/v1 is the base URL of OpenAI's SDK.\n`,
  )
  await terminal.untilStopped()
  terminal.err('No new requests are taken; those under way may end.\n')
  await server.close()
  return 0
}
