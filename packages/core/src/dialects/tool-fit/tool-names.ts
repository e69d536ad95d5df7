import { digestOf } from '../model/short-tool-id.ts'
import type { NameRule } from '../model/tool-rules.ts'

/** OpenAI's rule, which is the narrowest of those that are documented. */
export const commonNames: NameRule = { max: 64 }

const PLAIN = { allowed: /^[\w-]+$/, refused: /[^\w-]/g }

const WITH_DOTS = { allowed: /^[\w.:-]+$/, refused: /[^\w.:-]/g }

const STARTS = { letter: /^[a-zA-Z]/, 'letter or underscore': /^[a-zA-Z_]/ }

const DIGEST_LENGTH = 8

/** Whether the provider takes this name as it is. */
export function isFitName(name: string, { max, takesDots, start }: NameRule): boolean {
  return (
    name.length <= max &&
    charactersOf(takesDots).allowed.test(name) &&
    (start === undefined || STARTS[start].test(name))
  )
}

/**
 * Names the provider takes, for those it does not: as much of the name as fits, and a digest of all
 * of it. The same name becomes the same one in every request, so that prompt caches hold, unless
 * another tool of the request has that name.
 */
export function fitNames(names: ReadonlyMap<string, NameRule>): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  const misfits = new Set<string>()
  for (const [name, rule] of names) (isFitName(name, rule) ? taken : misfits).add(name)
  const fit = new Map<string, string>()
  for (const name of [...misfits].sort()) {
    const rule = names.get(name) ?? commonNames
    let wireName = shortened(name, rule, name)
    for (let salt = 1; taken.has(wireName); salt++)
      wireName = shortened(name, rule, `${name}\n${salt}`)
    taken.add(wireName)
    fit.set(name, wireName)
  }
  return fit
}

function shortened(name: string, { max, takesDots, start }: NameRule, digested: string): string {
  const readable = name.slice(0, max).replace(charactersOf(takesDots).refused, '_')
  const started = start === undefined || STARTS[start].test(readable) ? readable : `t${readable}`
  return `${started.slice(0, max - DIGEST_LENGTH - 1)}_${digestOf(digested).slice(0, DIGEST_LENGTH)}`
}

function charactersOf(takesDots: boolean | undefined): typeof PLAIN {
  return takesDots === true ? WITH_DOTS : PLAIN
}
