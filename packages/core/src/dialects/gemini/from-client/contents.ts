import type {
  ExtensionPart,
  FilePart,
  ImagePart,
  Message,
  Part,
  TextPart,
  ToolResultPart,
} from '../../model/conversation.ts'
import {
  optionalObject,
  optionalString,
  type Place,
  pathOf,
  requiredText,
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { isObject, parseObject } from '../../wire/json.ts'
import { CallMatcher } from './call-matcher.ts'
import { type Extensions, keepOthers, listAt, spelled } from './fields.ts'
import { readMedia } from './media.ts'
import { ModelTurn } from './model-turn.ts'
import { ORIGIN } from '../to-provider/tool-history.ts'

/**
 * `contents` as messages. Contents of the model that follow each other are one message: clients
 * record a stream as one content per chunk. Throws `invalid_request` that names the field.
 */
export function readContents(body: Place, extensions: Extensions): Message[] {
  const reader = new ContentsReader(extensions)
  for (const content of listAt(body, 'contents')) reader.add(content)
  return reader.finish()
}

/** `systemInstruction`: a text, or a content of which only the parts matter. */
export function readSystem(body: Place, extensions: Extensions): Message[] {
  const field = spelled(body, 'systemInstruction')
  const given = body.value[field]
  if (typeof given === 'string')
    return given === '' ? [] : [{ role: 'system', parts: [{ type: 'text', text: given }] }]
  const content = optionalObject(body, field)
  if (content === undefined) return []
  const all = 'text' in content.value ? [content] : listAt(content, 'parts')
  const parts = all
    .filter((part) => part.value['text'] !== '')
    .map((part) => readInputPart(part, extensions))
  return parts.length === 0 ? [] : [{ role: 'system', parts }]
}

const PART_FIELDS: ReadonlySet<string> = new Set([
  'text',
  'thought',
  'thoughtSignature',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
])
const CALL_FIELDS: ReadonlySet<string> = new Set(['id', 'name', 'args'])
const RESPONSE_FIELDS: ReadonlySet<string> = new Set(['id', 'name', 'response', 'parts'])

class ContentsReader {
  readonly #extensions: Extensions
  readonly #messages: Message[] = []
  readonly #calls = new CallMatcher()
  #turn: ModelTurn | undefined

  constructor(extensions: Extensions) {
    this.#extensions = extensions
  }

  add(content: Place): void {
    const role = optionalString(content, 'role')
    switch (role) {
      case 'model':
      case 'assistant':
        return this.#addModel(content)
      case undefined:
      case '':
      case 'user':
      case 'function':
      case 'tool':
        return this.#addInput(content)
      default:
        throw invalid(pathOf(content, 'role'), '"user", "model" or "function"', role)
    }
  }

  finish(): Message[] {
    this.#endTurn()
    return this.#messages
  }

  #endTurn(): void {
    const parts = this.#turn?.parts ?? []
    if (parts.length > 0) this.#messages.push({ role: 'assistant', parts })
    this.#turn = undefined
  }

  /** Responses answer calls at once, so they come before what else the turn says. */
  #addInput(content: Place): void {
    this.#endTurn()
    const results: ToolResultPart[] = []
    const said: Part[] = []
    for (const part of listAt(content, 'parts')) {
      const response = optionalObject(part, spelled(part, 'functionResponse'))
      if (response === undefined) said.push(readInputPart(part, this.#extensions))
      else results.push(this.#result(response))
    }
    if (results.length > 0) this.#messages.push({ role: 'tool', parts: results })
    if (said.length > 0) this.#messages.push({ role: 'user', parts: said })
  }

  #result(response: Place): ToolResultPart {
    const id = this.#calls.answer(response)
    keepOthers(response, 'contents.parts.functionResponse.', {
      known: RESPONSE_FIELDS,
      extensions: this.#extensions,
    })
    const { text, isError } = resultText(response)
    const media = listAt(response, 'parts').map((part) => readResultMedia(part))
    return {
      type: 'tool-result',
      id,
      content: [{ type: 'text', text }, ...media],
      ...(isError ? { isError } : {}),
    }
  }

  #addModel(content: Place): void {
    if (this.#turn === undefined) {
      this.#turn = new ModelTurn()
      this.#calls.beginTurn()
    }
    for (const part of listAt(content, 'parts')) this.#modelPart(part, this.#turn)
  }

  #modelPart(part: Place, turn: ModelTurn): void {
    const signature = optionalString(part, spelled(part, 'thoughtSignature')) || undefined
    const call = optionalObject(part, spelled(part, 'functionCall'))
    if (call !== undefined) {
      keepOthers(part, 'contents.parts.', { known: PART_FIELDS, extensions: this.#extensions })
      return turn.call(this.#call(call), signature)
    }
    const text = optionalString(part, 'text') ?? (isBlank(part) ? '' : undefined)
    const isThought = part.value['thought'] === true
    if (text !== undefined) {
      keepOthers(part, 'contents.parts.', { known: PART_FIELDS, extensions: this.#extensions })
      return turn.text(text, { isThought, signature })
    }
    // Media among the thoughts are drafts.
    if (isThought && readMedia(part) !== undefined)
      this.#extensions['contents.parts.inlineData (thought)'] ??= true
    else turn.part(readOtherPart(part, this.#extensions), signature)
  }

  #call(call: Place): { readonly id: string; readonly name: string; readonly arguments: string } {
    const name = requiredText(call, 'name')
    keepOthers(call, 'contents.parts.functionCall.', {
      known: CALL_FIELDS,
      extensions: this.#extensions,
    })
    const args = optionalObject(call, 'args')?.value
    return {
      id: this.#calls.add(name, optionalString(call, 'id') || undefined),
      name,
      arguments: args === undefined ? '{}' : JSON.stringify(args),
    }
  }
}

/** Nothing but a signature, or nothing at all: some streams have such parts. */
function isBlank({ value }: Place): boolean {
  return Object.entries(value).every(
    ([field, content]) =>
      content === null ||
      field === 'thought' ||
      field === 'thoughtSignature' ||
      field === 'thought_signature',
  )
}

function readInputPart(part: Place, extensions: Extensions): Part {
  const text = optionalString(part, 'text')
  if (text === undefined) return readOtherPart(part, extensions)
  keepOthers(part, 'contents.parts.', { known: PART_FIELDS, extensions })
  return { type: 'text', text }
}

/** Media, or what only this dialect understands. */
function readOtherPart(part: Place, extensions: Extensions): Part {
  const media = readMedia(part)
  if (media === undefined) {
    if (isBlank(part))
      throw invalid(
        part.path,
        'an object with text, inlineData, fileData, functionCall or functionResponse',
        part.value,
      )
    return { type: 'extension', dialect: ORIGIN, value: part.value }
  }
  keepOthers(part, 'contents.parts.', { known: PART_FIELDS, extensions })
  return media
}

function readResultMedia(part: Place): TextPart | ImagePart | FilePart | ExtensionPart {
  const media = readMedia(part)
  if (media === undefined) return { type: 'extension', dialect: ORIGIN, value: part.value }
  if (media.type !== 'audio') return media
  return {
    type: 'file',
    source: { kind: 'data', mediaType: `audio/${media.format}`, data: media.data },
  }
}

/**
 * Result of a function. A response of one text under `result` or `error` is that text, unless
 * it could be mistaken for a whole response; every other one is its JSON.
 */
function resultText(response: Place): { readonly text: string; readonly isError: boolean } {
  const { response: given } = response.value
  if (given === undefined || given === null) return { text: '', isError: false }
  if (!isObject(given)) throw invalid(pathOf(response, 'response'), 'an object', given)
  const [[key, value] = [], ...others] = Object.entries(given)
  if (others.length === 0 && typeof value === 'string') {
    if (key === 'error') return { text: value, isError: true }
    if (key === 'result' && parseObject(value) === undefined) return { text: value, isError: false }
  }
  return { text: JSON.stringify(given), isError: false }
}
