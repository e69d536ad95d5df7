import type { Part, ToolCallPart } from '../../model/conversation.ts'
import { decodeSignature } from '../to-client/foreign-signature.ts'

interface TextOptions {
  readonly isThought: boolean
  readonly signature: string | undefined
}

/**
 * One turn of the model. Fragments of a stream are joined again; a signature ends the thoughts
 * before it.
 */
export class ModelTurn {
  readonly parts: Part[] = []
  /** The last part is text that further text belongs to. */
  #goesOn = false

  text(text: string, { isThought, signature }: TextOptions): void {
    if (text !== '') this.#add(text, isThought ? 'reasoning' : 'text')
    this.#sign(signature)
  }

  call(call: Pick<ToolCallPart, 'id' | 'name' | 'arguments'>, signature: string | undefined): void {
    const signed =
      signature === undefined ? {} : { signature: decodeSignature(signature).signature }
    this.#push({ type: 'tool-call', ...call, kind: 'function', ...signed })
  }

  /** An extension part holds its signature itself. */
  part(part: Part, signature: string | undefined): void {
    this.#push(part)
    if (part.type !== 'extension') this.#sign(signature)
  }

  #add(text: string, type: 'reasoning' | 'text'): void {
    const last = this.parts.at(-1)
    if (this.#goesOn && last?.type === type)
      this.parts[this.parts.length - 1] = { type, text: last.text + text }
    else this.#push({ type, text })
    this.#goesOn = true
  }

  #sign(value: string | undefined): void {
    if (value === undefined) return
    const { signature, redacted } = decodeSignature(value)
    const last = this.parts.at(-1)
    if (redacted) this.parts.push({ type: 'reasoning', text: '', signature, redacted })
    else if (this.#goesOn && last?.type === 'reasoning')
      this.parts[this.parts.length - 1] = { ...last, signature }
    else this.parts.push({ type: 'reasoning', text: '', signature })
    this.#goesOn = false
  }

  #push(part: Part): void {
    this.parts.push(part)
    this.#goesOn = false
  }
}
