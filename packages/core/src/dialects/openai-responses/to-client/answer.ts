import type { Part, ToolCallPart } from '../../model/conversation.ts'
import type { JsonObject } from '../../model/json-object.ts'
import type { RenderContext } from '../../model/stream.ts'
import type { Answer, AnswerChoice } from '../../model/events.ts'
import { append } from '../../../foundation/lists.ts'
import { refusalWords } from '../../model/finish.ts'
import { Namespaces, type ToolName } from '../from-client/namespaces.ts'
import {
  callItem,
  callKinds,
  flatAnnotations,
  type ItemStatus,
  logprobTokens,
  messageItem,
  reasoningItem,
  refusalContent,
  startOf,
  textContent,
  wholeArguments,
  wholeItem,
} from './output-items.ts'
import { encodeProof, type ItemPrefix, itemId } from './own-items.ts'
import { encryptedContentOf } from '../from-provider/reasoning-proof.ts'
import { endOf, responseObject } from './response-object.ts'

/**
 * A whole answer as a `response`. It has one choice; parts only another dialect understands are
 * left out.
 */
export function renderAnswer(answer: Answer, context: RenderContext): JsonObject {
  const [choice] = answer.choices
  const end = endOf(choice?.finish ?? { reason: 'stop' })
  const output =
    choice === undefined
      ? []
      : outputOf(choice, {
          requestId: context.requestId,
          status: end.status,
          body: context.request.body,
        })
  return responseObject(context, {
    ...end,
    output,
    usage: answer.usage,
    model: answer.model,
    created: answer.created,
  })
}

/** Whether an answer has a place for the part. */
export function holds(part: Part): boolean {
  if (part.type === 'image' || part.type === 'extension') return wholeItem(part, '') !== undefined
  return part.type !== 'file' && part.type !== 'audio' && part.type !== 'tool-result'
}

interface TextDraft {
  readonly kind: 'text'
  text: string
  /** Position in the answer's text. */
  readonly start: number
  readonly annotations: JsonObject[]
  readonly logprobs: JsonObject[]
}
interface RefusalDraft {
  readonly kind: 'refusal'
  text: string
}
interface MessageDraft {
  readonly kind: 'message'
  readonly contents: (TextDraft | RefusalDraft)[]
}
interface ReasoningDraft {
  readonly kind: 'reasoning'
  readonly text: string
  encryptedContent: string | undefined
}
type Draft =
  | MessageDraft
  | ReasoningDraft
  | { readonly kind: 'call'; readonly call: ToolCallPart }
  | { readonly kind: 'whole'; readonly part: Part }

function outputOf(
  choice: AnswerChoice,
  ending: {
    readonly requestId: string
    readonly status: 'completed' | 'incomplete'
    readonly body: JsonObject
  },
): JsonObject[] {
  const drafts = new Drafts()
  for (const part of choice.parts) drafts.add(part)
  const { finish } = choice
  // A model that ended by refusing may have said so only there.
  const refusal = drafts.hasRefusal ? undefined : refusalWords(finish)
  if (refusal !== undefined) drafts.add({ type: 'refusal', text: refusal })
  drafts.annotate(choice)
  const last = drafts.list.length - 1
  const namespaces = drafts.list.some(({ kind }) => kind === 'call')
    ? new Namespaces(ending.body)
    : undefined
  const tool = (name: string): ToolName => namespaces?.tool(name) ?? { name }
  return drafts.list.flatMap((draft, index) => {
    const id = (prefix: ItemPrefix) => itemId(prefix, ending.requestId, index)
    return finished(draft, { id, tool, status: index === last ? ending.status : 'completed' })
  })
}

/**
 * Collects parts to items, in the order the model wrote them; what it said in a row is one message.
 */
class Drafts {
  readonly list: Draft[] = []
  readonly #texts: TextDraft[] = []
  hasRefusal = false
  #textLength = 0

  add(part: Part): void {
    switch (part.type) {
      case 'text':
        return this.#addText(part.text)
      case 'refusal':
        return this.#addRefusal(part.text)
      case 'reasoning': {
        const { text, signature, redacted } = part
        const encryptedContent =
          signature === undefined ? undefined : encryptedContentOf(signature, redacted)
        if (text !== '' || encryptedContent !== undefined)
          this.list.push({ kind: 'reasoning', text, encryptedContent })
        return
      }
      case 'tool-call':
        this.#carry(part)
        this.list.push({ kind: 'call', call: part })
        return
      default:
        if (wholeItem(part, '') !== undefined) this.list.push({ kind: 'whole', part })
    }
  }

  annotate({ annotations, logprobs }: AnswerChoice): void {
    for (const annotation of annotations ?? []) {
      const start = startOf(annotation) ?? this.#textLength
      const text = this.#texts.findLast((candidate) => candidate.start <= start)
      if (text !== undefined) append(text.annotations, flatAnnotations([annotation], text.start))
    }
    const text = this.#texts.at(-1)
    if (text !== undefined) append(text.logprobs, logprobTokens(logprobs))
  }

  #addText(text: string): void {
    if (text === '') return
    const { contents } = this.#message()
    const last = contents.at(-1)
    if (last?.kind === 'text') last.text += text
    else {
      const draft: TextDraft = {
        kind: 'text',
        text,
        start: this.#textLength,
        annotations: [],
        logprobs: [],
      }
      this.#texts.push(draft)
      contents.push(draft)
    }
    this.#textLength += text.length
  }

  #addRefusal(text: string): void {
    if (text === '') return
    this.hasRefusal = true
    const { contents } = this.#message()
    const last = contents.at(-1)
    if (last?.kind === 'refusal') last.text += text
    else contents.push({ kind: 'refusal', text })
  }

  #message(): MessageDraft {
    const last = this.list.at(-1)
    if (last?.kind === 'message') return last
    const message: MessageDraft = { kind: 'message', contents: [] }
    this.list.push(message)
    return message
  }

  /** The proof of a call goes with the reasoning before it, or with an item of its own. */
  #carry({ signature, id: callId }: ToolCallPart): void {
    if (signature === undefined) return
    const encryptedContent = encodeProof({ signature, callId })
    const last = this.list.at(-1)
    if (last?.kind === 'reasoning' && last.encryptedContent === undefined)
      last.encryptedContent = encryptedContent
    else this.list.push({ kind: 'reasoning', text: '', encryptedContent })
  }
}

interface FinishedItem {
  readonly status: ItemStatus
  id(prefix: ItemPrefix): string
  tool(name: string): ToolName
}

function finished(draft: Draft, { id, tool, status }: FinishedItem): JsonObject[] {
  switch (draft.kind) {
    case 'message': {
      const contents = draft.contents.map((content) =>
        content.kind === 'text' ? textContent(content) : refusalContent(content.text),
      )
      return [messageItem(id('msg'), status, contents)]
    }
    case 'reasoning':
      return [reasoningItem(id('rs'), draft.text, draft.encryptedContent)]
    case 'call': {
      const { kind, id: callId, name, arguments: text } = draft.call
      return [
        callItem(id(callKinds[kind].prefix), status, {
          kind,
          callId,
          tool: tool(name),
          arguments: wholeArguments(kind, text),
        }),
      ]
    }
    case 'whole': {
      const item = wholeItem(draft.part, id('ig'))
      return item === undefined ? [] : [item]
    }
  }
}
