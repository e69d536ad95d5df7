import '@postern/core/supported-runtime'
export type {
  FinishReason,
  ScriptedAnswer,
  ScriptedReasoning,
  ScriptedToolCall,
  ScriptedUsage,
} from './answer.ts'
export { type Clock, ManualClock, systemClock } from './clock.ts'
export { type DemoProviderOptions, startDemoProvider } from './demo.ts'
export type { DialectName } from './dialects/dialect.ts'
export {
  type FaultProxy,
  type FaultProxyOptions,
  type ProxyFaults,
  startFaultProxy,
} from './fault-proxy.ts'
export type { Cut, Faults, RetryAfter, WriteSizes } from './faults.ts'
export { createGate, Gate } from './gate.ts'
export type { Closing, Journal, JournalEntry } from './journal.ts'
export type { JsonObject } from './json.ts'
export {
  loadRecordings,
  readRecording,
  type RecordedRequest,
  type Recording,
} from './recordings.ts'
export type { MediaSeen, OfferedTool, RequestView } from './request-view.ts'
export type { FakeRequest, RawReply, Script, ScriptedReply } from './script.ts'
export {
  dialectNames,
  type FakeProvider,
  type FakeProviderOptions,
  startFakeProvider,
} from './server.ts'
export { stockScript } from './stock.ts'
export { syntheticRecordings } from './synthetic/recordings.ts'
export type { Meaning, MeantToolCall, SyntheticRecording } from './synthetic/trace.ts'
export { refusedUrl, type SilentServer, startSilentServer } from './unreachable.ts'
export { adapterConformance } from './conformance/adapter.ts'
export { type AdminStoreCase, adminStoreConformance } from './conformance/admin-store.ts'
export {
  type AdapterHarness,
  type AdapterSetup,
  type ConformanceCase,
  CONFORMANCE_KEY,
  type RunningApplication,
} from './conformance/harness.ts'
export type { LimitStoreCase, LimitStoreHarness } from './conformance/limit-store-case.ts'
export { limitStoreConformance } from './conformance/limit-store.ts'
