import type { StreamEvent } from '../model/events.ts'
import { customInputOfText, serializeArguments } from './tool-input.ts'
import { customToolName, JSON_ANSWER_TOOL } from './tool-names.ts'

/** How the input of a streamed tool call reaches the client. */
export type CallKind = 'tool' | 'custom-tool' | 'json-answer' | 'ignored'

/** Sorts a call by its wire name. A second JSON answer would make the text two documents. */
export function callKindOf(wireName: string, answeredInJson: boolean): CallKind {
  if (wireName === JSON_ANSWER_TOOL) return answeredInJson ? 'ignored' : 'json-answer'
  return customToolName(wireName) === undefined ? 'tool' : 'custom-tool'
}

interface StreamedCall {
  readonly id: string
  readonly wireName: string
  /** Position among the tool calls of the answer. */
  readonly index: number
}

/** The event that begins a call. */
export function toolCallEvent({ id, wireName, index }: StreamedCall): StreamEvent {
  const customName = customToolName(wireName)
  return {
    type: 'tool-call',
    choice: 0,
    index,
    id,
    name: customName ?? wireName,
    kind: customName === undefined ? 'function' : 'custom',
  }
}

/** An event with a piece of a call's arguments. */
export function argumentsEvent(index: number, text: string): StreamEvent {
  return { type: 'tool-arguments', choice: 0, index, text }
}

/**
 * Text of a custom call whose input has ended: from its fragments, or from the input its block
 * began with.
 */
export function customInputOf(fragments: string, startInput: unknown): string {
  return customInputOfText(fragments === '' ? serializeArguments(startInput) : fragments)
}
