import type { RequestReport } from '../../claude/request-report.ts'
import type { ModelRules } from './models.ts'

/** Context of every step of building a request. */
export interface RequestContext extends RequestReport {
  readonly rules: ModelRules
  /** Names documents have been given so far: none may be used twice. */
  readonly documentNames: Set<string>
}
