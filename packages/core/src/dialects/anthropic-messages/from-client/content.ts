import type {
  Part,
  ReasoningPart,
  Signature,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../model/conversation.ts'
import {
  optionalBoolean,
  optionalList,
  optionalString,
  type Place,
  pathOf,
  placeOf,
  requiredText,
} from '../../wire/fields.ts'
import { invalid } from '../../model/invalid.ts'
import { asObject, asObjects } from '../../wire/json.ts'
import { isCarried, readSignature } from '../carried-signature.ts'
import { customToolName } from '../../claude/tool-names.ts'
import { DIALECT } from '../names.ts'
import { cacheHintField, type Extensions, keepOthers } from './fields.ts'
import { type Document, readDocument, readImage, readImageUrl } from './media.ts'
import { readToolChange, type ToolChange } from './tools.ts'
import { toolIdOf } from '../client-tool-id.ts'
import { serializeArguments, readCustomInput } from '../../claude/tool-input.ts'

const TEXT_FIELDS: ReadonlySet<string> = new Set(['type', 'text', 'cache_control', 'citations'])
const THINKING_FIELDS: ReadonlySet<string> = new Set(['type', 'thinking', 'signature', 'data'])
const CALL_FIELDS: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input', 'caller'])
const RESULT_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'tool_use_id',
  'content',
  'is_error',
  'cache_control',
])
const PREFIX = 'messages.content.'

type ResultContent = ToolResultPart['content'][number]

/** Reads content blocks, and gathers what concerns more than the block it stands in. */
export class BlockReader {
  readonly extensions: Extensions
  readonly toolChanges: ToolChange[] = []
  #callSignatures = new Map<string, Signature>()

  constructor(extensions: Extensions) {
    this.extensions = extensions
  }

  /** Throws `invalid_request` with the path of what is wrong. */
  read(blocks: readonly Place[]): Part[] {
    return blocks.flatMap((block) => this.#read(block))
  }

  /** The proofs of tool calls since the last time, by the ids of the calls. */
  takeCallSignatures(): ReadonlyMap<string, Signature> {
    const signatures = this.#callSignatures
    if (signatures.size > 0) this.#callSignatures = new Map()
    return signatures
  }

  #read(block: Place): readonly Part[] {
    switch (block.value.type) {
      case 'tool_use':
        return [this.#toolCall(block)]
      case 'tool_result':
        return [this.#toolResult(block)]
      case 'thinking':
      case 'redacted_thinking':
        return this.#thinking(block)
      case 'tool_addition':
      case 'tool_removal':
        return this.#toolChange(block)
      default:
        return this.#content(block)
    }
  }

  /**
   * Content that messages and tool results may both hold; unknown types stay as they are.
   */
  #content(block: Place): readonly ResultContent[] {
    switch (block.value.type) {
      case 'text':
        return [this.#text(block)]
      case 'image':
        return [readImage(block, this.extensions)]
      case 'image_url':
        return [readImageUrl(block)]
      case 'document':
        return this.#document(readDocument(block, this.extensions))
      case 'search_result':
        return this.#searchResult(block)
      default:
        if (typeof block.value.type !== 'string')
          throw invalid(pathOf(block, 'type'), 'a string', block.value.type)
        return [{ type: 'extension', dialect: DIALECT, value: block.value }]
    }
  }

  #text(block: Place): TextPart {
    const { text, citations } = block.value
    if (typeof text !== 'string') throw invalid(pathOf(block, 'text'), 'a string', text)
    keepOthers(block.value, { known: TEXT_FIELDS, prefix: PREFIX, extensions: this.extensions })
    // Ours are no proofs of anything, and no loss.
    if (asObjects(citations).some(({ encrypted_index: index }) => !isCarried(index)))
      this.extensions.set(`${PREFIX}citations`, citations)
    return { type: 'text', text, ...cacheHintField(block) }
  }

  #document(document: Document): readonly ResultContent[] {
    if (document.kind === 'file') return [document.part]
    const blocks = document.blocks.flatMap((block) => this.#content(block))
    return document.title === undefined
      ? blocks
      : [{ type: 'text', text: document.title }, ...blocks]
  }

  /** A search result: its title, source and text; for other providers it is text. */
  #searchResult(block: Place): readonly ResultContent[] {
    const heading = [block.value.title, block.value.source]
      .filter((line) => typeof line === 'string')
      .join('\n')
    const parts: ResultContent[] = [
      { type: 'text', text: heading },
      ...optionalList(block, 'content').flatMap((item) => this.#content(item)),
    ]
    const last = parts.at(-1)
    return last?.type === 'text'
      ? [...parts.slice(0, -1), { ...last, ...cacheHintField(block) }]
      : parts
  }

  #thinking(block: Place): readonly ReasoningPart[] {
    keepOthers(block.value, { known: THINKING_FIELDS, prefix: PREFIX, extensions: this.extensions })
    if (block.value.type === 'redacted_thinking') {
      const { signature } = readSignature(requiredText(block, 'data'))
      return signature === undefined
        ? []
        : [{ type: 'reasoning', text: '', signature, redacted: true }]
    }
    const text = optionalString(block, 'thinking') ?? ''
    const { signature, callId } = readSignature(optionalString(block, 'signature') ?? '')
    if (signature !== undefined && callId !== undefined) {
      this.#callSignatures.set(callId, signature)
      return []
    }
    if (signature === undefined) return text === '' ? [] : [{ type: 'reasoning', text }]
    return [{ type: 'reasoning', text, signature }]
  }

  #toolCall(block: Place): ToolCallPart {
    keepOthers(block.value, { known: CALL_FIELDS, prefix: PREFIX, extensions: this.extensions })
    const caller = asObject(block.value.caller)
    if (caller !== undefined && caller.type !== 'direct')
      this.extensions.set(`${PREFIX}caller`, caller)
    const id = toolIdOf(requiredText(block, 'id'))
    const name = requiredText(block, 'name')
    const customName = customToolName(name)
    const { input } = block.value
    if (customName !== undefined)
      return {
        type: 'tool-call',
        id,
        name: customName,
        arguments: readCustomInput(asObject(input)),
        kind: 'custom',
      }
    return { type: 'tool-call', id, name, arguments: serializeArguments(input), kind: 'function' }
  }

  #toolResult(block: Place): ToolResultPart {
    keepOthers(block.value, { known: RESULT_FIELDS, prefix: PREFIX, extensions: this.extensions })
    const isError = optionalBoolean(block, 'is_error')
    return {
      type: 'tool-result',
      id: toolIdOf(requiredText(block, 'tool_use_id')),
      content: this.#resultContent(block),
      ...(isError === true ? { isError } : {}),
      ...cacheHintField(block),
    }
  }

  #resultContent(block: Place): readonly ResultContent[] {
    const { content } = block.value
    if (content === undefined || content === null || content === '') return []
    if (typeof content === 'string') return [{ type: 'text', text: content }]
    const path = pathOf(block, 'content')
    if (!Array.isArray(content)) throw invalid(path, 'a string or an array of blocks', content)
    return content.flatMap((item, at) => this.#content(placeOf(item, `${path}[${at}]`)))
  }

  #toolChange(block: Place): readonly Part[] {
    const change = readToolChange(block, this.extensions)
    if (change === undefined) return [{ type: 'extension', dialect: DIALECT, value: block.value }]
    if (change !== 'nothing') this.toolChanges.push(change)
    return []
  }
}
