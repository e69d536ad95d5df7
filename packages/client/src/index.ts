import './supported-runtime.ts'
export {
  type Bypass,
  type BypassEvent,
  type BypassOptions,
  type DirectProvider,
  isBypassAllowed,
  withBypass,
} from './bypass.ts'
export type { UsageReport } from './reports.ts'
