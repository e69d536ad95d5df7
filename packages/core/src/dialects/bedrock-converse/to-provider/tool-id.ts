import { digestOf, shortToolId } from '../../model/short-tool-id.ts'
import type { ModelRules } from './models.ts'

const LONGEST = 64
// linear: one class of characters, up to a number
const ALLOWED = new RegExp(`^[a-zA-Z0-9_-]{1,${LONGEST}}$`)
const FORBIDDEN = /[^a-zA-Z0-9_-]/g
const MARK_LENGTH = 12

/**
 * An id as the model allows it; other providers use more characters and longer ones. One that has
 * to change gets a mark of its own, so that two never become one, and calls keep their results.
 */
export function wireToolId(id: string, rules: Pick<ModelRules, 'shortToolIds'>): string {
  if (rules.shortToolIds) return shortToolId(id)
  if (ALLOWED.test(id)) return id
  return `${id.replace(FORBIDDEN, '_').slice(0, LONGEST - MARK_LENGTH - 1)}_${digestOf(id).slice(0, MARK_LENGTH)}`
}
