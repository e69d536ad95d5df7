import type { Part } from '../model/conversation.ts'
import type { AnswerChoice } from '../model/events.ts'
import type { Finish } from '../model/finish.ts'
import type { JsonObject } from '../model/json-object.ts'
import type { Passage } from './citations.ts'
import { readCustomInput, serializeArguments } from './tool-input.ts'
import { customToolName, JSON_ANSWER_TOOL } from './tool-names.ts'

interface ToolUse {
  readonly id: string
  readonly wireName: string
  readonly input: unknown
}

/** Collects the content blocks of a whole answer. */
export class AnswerContent {
  readonly #dialect: string
  readonly #parts: Part[] = []
  readonly #annotations: JsonObject[] = []
  #textLength = 0
  #answeredInJson = false
  #calledTools = false

  constructor(dialect: string) {
    this.#dialect = dialect
  }

  get calledTools(): boolean {
    return this.#calledTools
  }

  /** Adds text; returns where it stands in the answer's text, which citations point into. */
  addText(text: string | undefined): Passage {
    const start = this.#textLength
    if (text !== undefined && text !== '') {
      this.#textLength += text.length
      this.#parts.push({ type: 'text', text })
    }
    return { start, end: this.#textLength }
  }

  addAnnotation(annotation: JsonObject | undefined): void {
    if (annotation !== undefined) this.#annotations.push(annotation)
  }

  addThinking(text: string, value: string | undefined): void {
    if (value !== undefined)
      this.#parts.push({
        type: 'reasoning',
        text,
        signature: { origin: this.#dialect, value },
      })
    else if (text !== '') this.#parts.push({ type: 'reasoning', text })
  }

  addRedactedThinking(value: string | undefined): void {
    if (value === undefined) return
    this.#parts.push({
      type: 'reasoning',
      text: '',
      signature: { origin: this.#dialect, value },
      redacted: true,
    })
  }

  addToolUse({ id, wireName, input }: ToolUse): void {
    if (wireName === JSON_ANSWER_TOOL) {
      this.#addJsonAnswer(input)
      return
    }
    this.#calledTools = true
    const customName = customToolName(wireName)
    this.#parts.push(
      customName === undefined
        ? {
            type: 'tool-call',
            id,
            name: wireName,
            arguments: serializeArguments(input),
            kind: 'function',
          }
        : {
            type: 'tool-call',
            id,
            name: customName,
            arguments: readCustomInput(input),
            kind: 'custom',
          },
    )
  }

  /** A second one would make the text two JSON documents. */
  #addJsonAnswer(input: unknown): void {
    if (this.#answeredInJson) return
    this.#answeredInJson = true
    this.addText(serializeArguments(input))
  }

  /** Adds a part that the collector does not build itself. */
  addPart(part: Part): void {
    this.#parts.push(part)
  }

  /** Adds a block that only its own dialect understands, such as a tool the provider ran. */
  addExtension(value: JsonObject): void {
    this.#parts.push({ type: 'extension', dialect: this.#dialect, value })
  }

  toChoice(finish: Finish): AnswerChoice {
    return this.#annotations.length === 0
      ? { parts: this.#parts, finish }
      : { parts: this.#parts, finish, annotations: this.#annotations }
  }
}
