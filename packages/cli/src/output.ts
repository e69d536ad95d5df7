import type { AdminClient } from './admin-client.ts'
import { table } from './table.ts'
import { UsageError } from './usage-error.ts'

/** Values of the options, each as often as it was given. */
export type Options = Readonly<Record<string, readonly string[] | undefined>>

/** Output of a command: text for people, JSON for programs. */
export interface Output {
  readonly text: string
  readonly json: unknown
}

/** The commands of a group, by name. */
export type Commands = Readonly<
  Record<
    string,
    (client: AdminClient, names: readonly string[], options: Options) => Promise<Output>
  >
>

/** How much of a limit is used, as `/admin` says it. */
export interface LevelView {
  readonly limit: string
  readonly unit: string
  readonly used: number
  readonly amount: number
  readonly resetsAt?: string
}

export function levels(answer: Record<string, unknown>, none: string): Output {
  const usage = answer['usage'] as LevelView[]
  const rows = usage.map(({ limit, used, amount, resetsAt }) => [
    limit,
    String(used),
    String(amount),
    share(used, amount),
    resetsAt ?? '',
  ])
  return {
    text: usage.length === 0 ? none : table(['LIMIT', 'USED', 'OF', 'SHARE', 'RESETS AT'], rows),
    json: usage,
  }
}

export function share(used: number, amount: number): string {
  return `${Math.floor((used / amount) * 100)} %`
}

/** The options that were given. */
export function given(options: Options, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (options[name]?.[0] === undefined ? [] : [[name, options[name][0]]])),
  )
}

/** The one name a command takes, or as many as it does. */
export function exactly(names: readonly string[], usage: string, count = 1): [string] {
  if (names.length !== count) throw new UsageError(`Usage: postern ${usage}`)
  return [names[0] ?? '']
}
