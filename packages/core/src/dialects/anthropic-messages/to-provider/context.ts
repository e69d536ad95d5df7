import type { RequestReport } from '../../claude/request-report.ts'
import type { ModelRules } from './models.ts'

/** Context of every step of building a request. */
export interface RequestContext extends RequestReport {
  readonly rules: ModelRules
}
