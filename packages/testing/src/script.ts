import type { ScriptedAnswer } from './answer.ts'
import type { DialectName } from './dialects/dialect.ts'
import type { Faults } from './faults.ts'
import type { JournalEntry } from './journal.ts'
import type { Recording } from './recordings.ts'
import type { RequestView } from './request-view.ts'

/**
 * Answer of a fake provider: data, or a function of the request. A function may be asynchronous:
 * nothing, not even a header, is sent before its promise resolves. A function that throws makes the
 * provider answer 500 with its message.
 */
export type Script =
  | ScriptedReply
  | ((request: FakeRequest) => ScriptedReply | Promise<ScriptedReply>)

/**
 * At most one of `answer`, `replay`, `raw` says what is sent (`Hello from the fake provider.` when
 * none does), the faults say what goes wrong with it. Scripts given as data are checked when they
 * are given.
 *
 * ```ts
 * provider.enqueue({ status: 429, retryAfter: { seconds: 2 } }, { answer: { text: 'Hi' } })
 * provider.enqueue({ answer: { text: 'half an answer' }, cutAfterEvents: 3, cutBy: 'rst' })
 * provider.enqueue({ replay: readRecording('trace.json'), writeSizes: { seed: 7 } })
 * ```
 */
export interface ScriptedReply extends Faults {
  /**
   * Rendered in the provider's dialect, as JSON or as a stream, whichever the request asked for.
   */
  readonly answer?: ScriptedAnswer
  /** A recorded answer: its status, headers and bytes, whatever the request asked for. */
  readonly replay?: Recording
  readonly raw?: RawReply
}

/** An answer given byte by byte. */
export interface RawReply {
  /** @default 200 */
  readonly status?: number
  /** Lower-case names. @default content-type `application/json` */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * An iterable is read as the client takes it, so it may be large; each item counts as one event.
   */
  readonly body: string | Uint8Array | Iterable<string | Uint8Array>
}

/** Argument of a script function. */
export interface FakeRequest {
  readonly dialect: DialectName
  /** The journal's entry of this request. */
  readonly entry: JournalEntry
  /** The request in no dialect's words. */
  readonly view: RequestView
}
