import type { RenderedEvent } from './dialects/dialect.ts'
import type { Faults } from './faults.ts'

/**
 * Applies the faults to a rendered stream; `errorEvent` renders the dialect's error inside a
 * stream.
 */
export function applyEventFaults(
  events: readonly RenderedEvent[],
  faults: Faults,
  errorEvent: () => string,
): RenderedEvent[] {
  let result = [...events]
  if (faults.withoutFinish === true) result = result.filter((event) => event.kind !== 'finish')
  if (faults.withoutDone === true) result = result.filter((event) => event.kind !== 'end')
  if (faults.duplicateFinish === true)
    result = result.flatMap((event) => (event.kind === 'finish' ? [event, event] : [event]))
  if (faults.malformedJson === true) result = breakFirstContent(result)
  if (faults.errorEventAfter !== undefined) {
    result = [...result.slice(0, faults.errorEventAfter), { kind: 'content', text: errorEvent() }]
  }
  return faults.comments === undefined || faults.comments === false
    ? result
    : result.map((event) => commented(event, faults.comments))
}

function breakFirstContent(events: readonly RenderedEvent[]): RenderedEvent[] {
  const at = events.findIndex((event) => event.kind === 'content')
  return events.map((event, index) =>
    index === at ? { ...event, text: breakJson(event.text) } : event,
  )
}

/** Cuts the JSON of an event in half and leaves its line ends. */
function breakJson(event: string): string {
  const start = event.indexOf('data: ') + 'data: '.length
  const json = event.slice(start).trimEnd()
  return event.slice(0, start) + json.slice(0, json.length / 2) + event.slice(start + json.length)
}

function commented(event: RenderedEvent, comments: boolean | string | undefined): RenderedEvent {
  const lineEnd = event.text.endsWith('\r\n') ? '\r\n' : '\n'
  return {
    ...event,
    text: `: ${typeof comments === 'string' ? comments : 'keep-alive'}${lineEnd}${lineEnd}${event.text}`,
  }
}
